/* rank/bf16. */
#include "../half.h"
typedef float real;

static inline real rounded(real x) { return round_to_bf16(x); }

#define RANK_VARIANT bf16
#define RANK_FORMAT RANK_BF16
#define RANK_BOUND "(5 2^-8 + (d+9) 2^-24) sum |u k|; orders are those of the scores"
#include "rank_body.h"
