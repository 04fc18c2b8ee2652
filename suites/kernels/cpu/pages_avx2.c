/* pages/avx2: one sum of 8 lanes. */
#include "vec_avx2.h"

#define PAGES_VARIANT avx2
#define PAGES_ISA ISA_AVX2
#include "pages_body.h"
