/* pages/avx512: one sum of 16 lanes. */
#include "vec_avx512.h"

#define PAGES_VARIANT avx512
#define PAGES_ISA ISA_AVX512
#include "pages_body.h"
