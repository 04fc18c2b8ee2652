/* l2_scan/avx512: one row at a time into one accumulator of 16 lanes.  Memory is the limit, and it
 * is read fastest when cache lines are asked for in order: with four accumulators four misses
 * overtake each other, which on Zen 4 cost a quarter of the bandwidth (23 against 30 GB/s), and
 * software prefetch cost as much.  The chain of fused multiply-adds, 64 bytes in 4 cycles, is still
 * twice as fast as the memory of one core. */
#include "group_avx512.h"

#define l2sq group_l2sq
#define L2_SCAN_VARIANT avx512
#define L2_SCAN_ISA ISA_AVX512
#define L2_SCAN_SOURCE "exhaustive search, AVX-512"
#include "l2_scan_body.h"
