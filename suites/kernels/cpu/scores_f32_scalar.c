/* scores/f32_scalar: one sum in strict order, plain C. */
#include "vec_scalar.h"

typedef float key;

static inline vec load_keys(const key *p) { return vec_load(p); }

#define SCORES_VARIANT f32_scalar
#define SCORES_DTYPE "f32"
#define SCORES_FORMAT SCORES_F32
#define SCORES_ISA 0
#include "scores_body.h"
