/* scores/f16_avx512: one sum of 16 lanes. */
#include "vec_avx512.h"

typedef uint16_t key;

static inline vec load_keys(const key *p) { return vec_load_f16(p); }

#define SCORES_VARIANT f16_avx512
#define SCORES_DTYPE "f16"
#define SCORES_FORMAT SCORES_F16
#define SCORES_ISA ISA_AVX512
#include "scores_body.h"
