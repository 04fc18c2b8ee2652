#include "tier_gate.h"

const int ref_gate_tier[REF_GATE_RULES] = {3, 2, 3, 2, 2, 1, 1, 1, 1, 0};
const int ref_gate_flush[REF_GATE_RULES] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0};

int ref_gate_rule(const struct ref_gate_input *in) {
    const double lost = in->lambda_prev - in->lambda;
    const int applies[REF_GATE_RULES] = {
        in->skip != 0,
        in->force_safe != 0,
        in->spike_present != 0 && in->spike_fired == 0,
        in->spike_present != 0 && in->spike_fired != 0 && in->spike_rate > 16384,
        in->lambda<30,
                   /* A whole quotient above 12288 is 12289 at least; multiplied out, it divides by
                      nothing. */
                   lost> 0 &&
            lost * 32768 >= in->lambda_prev * 12289,
        in->edges > 20,
        in->concentration > 20480,
        in->partitions > 10,
        1,
    };
    int rule = 0;
    while (applies[rule] == 0) {
        rule++;
    }
    return rule;
}
