/* attend/avx512: 16 lanes. */
#include "vec_avx512.h"

#define ATTEND_VARIANT avx512
#define ATTEND_ISA ISA_AVX512
#define ATTEND_ROW_MATH row_math_avx512
#include "attend_body.h"
