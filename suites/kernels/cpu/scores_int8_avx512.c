/* scores/int8_avx512: one sum of 16 lanes. */
#include "vec_avx512.h"

typedef int8_t key;

static inline vec load_keys(const key *p) { return vec_load_int8(p); }

#define SCORES_VARIANT int8_avx512
#define SCORES_DTYPE "int8"
#define SCORES_FORMAT SCORES_INT8
#define SCORES_ISA ISA_AVX512
#include "scores_body.h"
