/* rank/f16. */
#include "../half.h"
typedef float real;

static inline real rounded(real x) { return round_to_f16(x); }

#define RANK_VARIANT f16
#define RANK_FORMAT RANK_F16
#define RANK_BOUND                                                                                 \
    "(5 2^-11 + (d+9) 2^-24) sum |u k|, and 2^-25 a value; orders are those of the scores"
#include "rank_body.h"
