/* pages/scalar: one sum in strict order, plain C. */
#include "vec_scalar.h"

#define PAGES_VARIANT scalar
#define PAGES_ISA 0
#include "pages_body.h"
