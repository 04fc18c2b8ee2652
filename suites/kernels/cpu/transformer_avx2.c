/* transformer/avx2: 8 lanes, the product of AVX2. */
#include "vec_avx2.h"

#define TRANSFORMER_VARIANT avx2
#define TRANSFORMER_ISA ISA_AVX2
#define TRANSFORMER_GEMM int8_gemm_avx2
#include "transformer_body.h"
