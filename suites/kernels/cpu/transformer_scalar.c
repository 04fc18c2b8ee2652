/* transformer/scalar: plain C. */
#include "vec_scalar.h"

#define TRANSFORMER_VARIANT scalar
#define TRANSFORMER_ISA 0
#define TRANSFORMER_GEMM int8_gemm_scalar
#include "transformer_body.h"
