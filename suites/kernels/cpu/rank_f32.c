/* rank/f32. */

typedef float real;

static inline real rounded(real x) { return x; }

#define RANK_VARIANT f32
#define RANK_FORMAT RANK_F32
#define RANK_BOUND "(d+9) 2^-24 sum |u k|; orders are those of the scores"
#include "rank_body.h"
