/* scores/int8_scalar: one sum in strict order, plain C. */
#include "vec_scalar.h"

typedef int8_t key;

static inline vec load_keys(const key *p) { return vec_load_int8(p); }

#define SCORES_VARIANT int8_scalar
#define SCORES_DTYPE "int8"
#define SCORES_FORMAT SCORES_INT8
#define SCORES_ISA 0
#include "scores_body.h"
