#define ROW_MATH_TABLE row_math_scalar
#include "row_math_body.h"
