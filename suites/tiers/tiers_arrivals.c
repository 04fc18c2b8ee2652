#include "tiers_load.h"

#include <math.h>

#include "../../datasets/rng.h"

enum { STREAM_ARRIVAL = 32 };

void tiers_arrivals(int64_t count, double rate, uint64_t seed, double *arrival) {
    double at = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM_ARRIVAL, (uint64_t)i, 0, words);
        at -= log(rng_unit(words[0])) / rate;
        arrival[i] = at;
    }
}
