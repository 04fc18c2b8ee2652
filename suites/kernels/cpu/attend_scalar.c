/* attend/scalar: sums in strict order, plain C. */
#include "vec_scalar.h"

#define ATTEND_VARIANT scalar
#define ATTEND_ISA 0
#define ATTEND_ROW_MATH row_math_scalar
#include "attend_body.h"
