/* ads_horizontal/avx2 */
#include "group_avx2.h"

#define ADS_VARIANT avx2
#define ADS_ISA ISA_AVX2
#define ADS_SOURCE "Gao & Long, SIGMOD 2023, algorithm 1; AVX2 and FMA"
#include "ads_horizontal_body.h"
