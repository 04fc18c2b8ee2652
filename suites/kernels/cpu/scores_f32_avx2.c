/* scores/f32_avx2: one sum of 8 lanes. */
#include "vec_avx2.h"

typedef float key;

static inline vec load_keys(const key *p) { return vec_load(p); }

#define SCORES_VARIANT f32_avx2
#define SCORES_DTYPE "f32"
#define SCORES_FORMAT SCORES_F32
#define SCORES_ISA ISA_AVX2
#include "scores_body.h"
