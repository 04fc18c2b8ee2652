/* Packets that S004's gate sends where a stream wants them. */
#ifndef ATTEST_SUITES_TIERS_TIERS_PACKETS_H
#define ATTEST_SUITES_TIERS_TIERS_PACKETS_H

#include "tiers_requests.h"

/* Request `index` of a seed: one of the rules that lead to the kind is drawn; rules before it do
 * not apply, rules behind it apply or not at random. */
struct tiers_packet tiers_packet_draw(enum tiers_kind kind, uint64_t seed, uint64_t index);

#endif
