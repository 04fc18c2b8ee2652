/* ads_horizontal/avx512 */
#include "group_avx512.h"

#define ADS_VARIANT avx512
#define ADS_ISA ISA_AVX512
#define ADS_SOURCE "Gao & Long, SIGMOD 2023, algorithm 1; AVX-512"
#include "ads_horizontal_body.h"
