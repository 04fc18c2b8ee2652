/* scores/f16_avx2: one sum of 8 lanes. */
#include "vec_avx2.h"

typedef uint16_t key;

static inline vec load_keys(const key *p) { return vec_load_f16(p); }

#define SCORES_VARIANT f16_avx2
#define SCORES_DTYPE "f16"
#define SCORES_FORMAT SCORES_F16
#define SCORES_ISA ISA_AVX2
#include "scores_body.h"
