/* l2_scan/avx2: one row at a time into two accumulators of 8 lanes, one cache line a step; why not
 * more, see l2_scan_avx512.c. */
#include "group_avx2.h"

#define l2sq group_l2sq
#define L2_SCAN_VARIANT avx2
#define L2_SCAN_ISA ISA_AVX2
#define L2_SCAN_SOURCE "exhaustive search, AVX2 and FMA"
#include "l2_scan_body.h"
