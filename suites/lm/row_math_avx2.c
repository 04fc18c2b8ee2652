#define ROW_MATH_TABLE row_math_avx2
#include "row_math_body.h"
