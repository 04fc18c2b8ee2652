/* scores/f16_scalar: one sum in strict order, plain C. */
#include "vec_scalar.h"

typedef uint16_t key;

static inline vec load_keys(const key *p) { return vec_load_f16(p); }

#define SCORES_VARIANT f16_scalar
#define SCORES_DTYPE "f16"
#define SCORES_FORMAT SCORES_F16
#define SCORES_ISA 0
#include "scores_body.h"
