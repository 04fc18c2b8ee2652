/* transformer/vnni: 16 lanes, the product of AVX-512 VNNI. */
#include "vec_avx512.h"

#define TRANSFORMER_VARIANT vnni
#define TRANSFORMER_ISA (ISA_AVX512 | ISA_VNNI)
#define TRANSFORMER_GEMM int8_gemm_vnni
#include "transformer_body.h"
