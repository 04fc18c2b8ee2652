/* rank/f64. */

typedef double real;

static inline real rounded(real x) { return x; }

#define RANK_VARIANT f64
#define RANK_FORMAT RANK_F64
#define RANK_BOUND "(d+9) 2^-53 sum |u k|; orders are those of the scores"
#include "rank_body.h"
