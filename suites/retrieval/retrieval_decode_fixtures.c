#include "retrieval_decode_fixtures.h"

#include <math.h>

#include "retrieval_decode.h"
#include "retrieval_decode_recall.h"

/* --- time ------------------------------------------------------------------------------------- */

/* Two tokens in 1 s and 3 s. */
enum status retrieval_rate_of_rates(struct fixture_values *v) {
    const double seconds[] = {1, 3};
    *v = (struct fixture_values){retrieval_decode_rate(seconds, 2).value, 2.0 / 4,
                                 (1.0 / 1 + 1.0 / 3) / 2, 1e-12};
    return ST_OK;
}

enum status retrieval_rate_of_nothing(struct fixture_values *v) {
    const double none = 0;
    *v = (struct fixture_values){retrieval_decode_rate(&none, 0).value, NAN, 0, 0};
    return ST_OK;
}

/* Tokens of 1 s and 3 s, 0.5 s and 0.3 s of them in attention. */
enum status retrieval_attention_of_ratios(struct fixture_values *v) {
    *v = (struct fixture_values){retrieval_decode_share(0.5 + 0.3, 1 + 3), 0.2,
                                 (0.5 / 1 + 0.3 / 3) / 2, 1e-12};
    return ST_OK;
}

/* 0.1 s of 4 s; attention took 0.8 s of them. */
enum status retrieval_insertion_of_attention(struct fixture_values *v) {
    *v = (struct fixture_values){retrieval_decode_share(0.1, 4), 0.025, 0.1 / 0.8, 1e-12};
    return ST_OK;
}

/* --- recall ----------------------------------------------------------------------------------- */

/* Of the keys 0 .. 3 the grown graph finds 0 and 1 among 2 keys, the rebuilt one 0 .. 2 among 4; of
 * the keys 0 and 1 of a second query the grown one finds both, the rebuilt one 1. */
static struct decode_recall two_queries(void) {
    static const uint64_t exact[] = {0xf, 0x3}, grown[] = {0x3, 0x3}, rebuilt[] = {0x17, 0x6};
    struct decode_recall r = {0};
    decode_recall_add(&r, &grown[0], &rebuilt[0], &exact[0], 1);
    decode_recall_add(&r, &grown[1], &rebuilt[1], &exact[1], 1);
    return r;
}

enum status retrieval_grown_of_found(struct fixture_values *v) {
    const struct decode_recall r = two_queries();
    *v = (struct fixture_values){decode_recall_grown(&r), (2 / 4.0 + 2 / 2.0) / 2,
                                 (2 / 2.0 + 2 / 2.0) / 2, 1e-12};
    return ST_OK;
}

enum status retrieval_grown_of_rebuilt(struct fixture_values *v) {
    const struct decode_recall r = two_queries();
    *v = (struct fixture_values){decode_recall_grown(&r), (2 / 4.0 + 2 / 2.0) / 2,
                                 (2 / 4.0 + 1 / 2.0) / 2, 1e-12};
    return ST_OK;
}

enum status retrieval_rebuilt_of_pooled(struct fixture_values *v) {
    const struct decode_recall r = two_queries();
    *v = (struct fixture_values){decode_recall_rebuilt(&r), (3 / 4.0 + 1 / 2.0) / 2,
                                 (3 + 1) / (4.0 + 2), 1e-12};
    return ST_OK;
}

enum status retrieval_recall_of_no_query(struct fixture_values *v) {
    const struct decode_recall r = {0};
    *v = (struct fixture_values){decode_recall_grown(&r), NAN, 0, 0};
    return ST_OK;
}
