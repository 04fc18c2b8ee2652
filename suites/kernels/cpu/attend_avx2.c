/* attend/avx2: 8 lanes. */
#include "vec_avx2.h"

#define ATTEND_VARIANT avx2
#define ATTEND_ISA ISA_AVX2
#define ATTEND_ROW_MATH row_math_avx2
#include "attend_body.h"
