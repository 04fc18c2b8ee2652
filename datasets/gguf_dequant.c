#include "gguf_dequant.h"

#include <string.h>

#include "gguf.h"

/* Products and sums are taken in the order of the formats' definitions, in float32: a file's
 * weights are the same numbers in every program that reads it. */

static uint16_t read_u16(const unsigned char *in) { return (uint16_t)(in[0] | in[1] << 8); }

static uint32_t read_u32(const unsigned char *in) {
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float read_half(const unsigned char *in) { return half_to_float(read_u16(in)); }

static void block_f32(const unsigned char *in, float *out) { *out = from_bits(read_u32(in)); }

static void block_f16(const unsigned char *in, float *out) { *out = read_half(in); }

static void block_bf16(const unsigned char *in, float *out) {
    *out = from_bits((uint32_t)read_u16(in) << 16);
}

/* --- blocks of 32: scale, perhaps minimum, perhaps fifth bits, values ------------------------- */

enum { HALF_BLOCK = 16, BLOCK = 32 };

static void block_q4_0(const unsigned char *in, float *out) {
    const float scale = read_half(in);
    for (int i = 0; i < HALF_BLOCK; i++) {
        out[i] = scale * (float)((in[2 + i] & 0xf) - 8);
        out[i + HALF_BLOCK] = scale * (float)((in[2 + i] >> 4) - 8);
    }
}

static void block_q4_1(const unsigned char *in, float *out) {
    const float scale = read_half(in), least = read_half(in + 2);
    for (int i = 0; i < HALF_BLOCK; i++) {
        out[i] = scale * (float)(in[4 + i] & 0xf) + least;
        out[i + HALF_BLOCK] = scale * (float)(in[4 + i] >> 4) + least;
    }
}

/* Value i of 32: four bits of `low` and bit i of `high`. */
static int five_bits(const unsigned char *low, uint32_t high, int i) {
    const int nibble = i < HALF_BLOCK ? low[i] & 0xf : low[i - HALF_BLOCK] >> 4;
    return nibble | (int)(high >> i & 1) << 4;
}

static void block_q5_0(const unsigned char *in, float *out) {
    const float scale = read_half(in);
    const uint32_t high = read_u32(in + 2);
    for (int i = 0; i < BLOCK; i++) {
        out[i] = scale * (float)(five_bits(in + 6, high, i) - 16);
    }
}

static void block_q5_1(const unsigned char *in, float *out) {
    const float scale = read_half(in), least = read_half(in + 2);
    const uint32_t high = read_u32(in + 4);
    for (int i = 0; i < BLOCK; i++) {
        out[i] = scale * (float)five_bits(in + 8, high, i) + least;
    }
}

static void block_q8_0(const unsigned char *in, float *out) {
    const float scale = read_half(in);
    for (int i = 0; i < BLOCK; i++) {
        out[i] = scale * (float)(int8_t)in[2 + i];
    }
}

/* --- blocks of 256 in groups whose scales are quantised themselves ---------------------------- */

/* Six-bit scale and minimum of group 0..7 out of 12 bytes: the low six bits of bytes 0-3 and 4-7
 * for groups 0-3; for groups 4-7 the nibbles of bytes 8-11 under the top two bits of the others. */
static void group_scale(const unsigned char *packed, int group, int *scale, int *least) {
    if (group < 4) {
        *scale = packed[group] & 0x3f;
        *least = packed[group + 4] & 0x3f;
    } else {
        *scale = (packed[group + 4] & 0xf) | packed[group - 4] >> 6 << 4;
        *least = packed[group + 4] >> 4 | packed[group] >> 6 << 4;
    }
}

/* Q4_K and Q5_K: eight groups of 32; two groups share 32 bytes as low and high nibbles, and bit g
 * of high[i] is the fifth bit of value i of group g. */
static void block_k(const unsigned char *head, const unsigned char *high, const unsigned char *low,
                    float *out) {
    const float scale = read_half(head), least = read_half(head + 2);
    for (int group = 0; group < 8; group++) {
        int s, m;
        group_scale(head + 4, group, &s, &m);
        const float d = scale * (float)s, below = least * (float)m;
        const unsigned char *nibbles = low + (ptrdiff_t)(group / 2) * BLOCK;
        for (int i = 0; i < BLOCK; i++) {
            int q = group % 2 == 0 ? nibbles[i] & 0xf : nibbles[i] >> 4;
            q |= high == NULL ? 0 : (high[i] >> group & 1) << 4;
            out[group * BLOCK + i] = d * (float)q - below;
        }
    }
}

static void block_q4_k(const unsigned char *in, float *out) { block_k(in, NULL, in + 16, out); }

static void block_q5_k(const unsigned char *in, float *out) { block_k(in, in + 16, in + 48, out); }

/* Q6_K: 128 bytes of low nibbles, 64 of high bit pairs, 16 int8 scales, one for 16 values, and the
 * scale of scales.  Each half of 128 values has four runs of 32: run r takes the low (r < 2) or
 * high nibbles of bytes 32 (r % 2) + i, and bit pair r of high[i]. */
static void block_q6_k(const unsigned char *in, float *out) {
    const float scale = read_half(in + 208);
    for (int half = 0; half < 2; half++) {
        const unsigned char *low = in + (ptrdiff_t)half * 64, *high = in + 128 + half * BLOCK;
        const unsigned char *scales = in + 192 + half * 8;
        for (int run = 0; run < 4; run++) {
            for (int i = 0; i < BLOCK; i++) {
                const int byte = low[run % 2 * BLOCK + i];
                const int nibble = run < 2 ? byte & 0xf : byte >> 4;
                const int q = (nibble | (high[i] >> 2 * run & 3) << 4) - 32;
                const float d = scale * (float)(int8_t)scales[2 * run + i / 16];
                out[half * 128 + run * BLOCK + i] = d * (float)q;
            }
        }
    }
}

static const struct {
    uint32_t type;
    struct gguf_format format;
} formats[] = {
#define X(name, small, number, values, bytes) {number, {#name, values, bytes, block_##small}},
    GGUF_TYPE_LIST(X)
#undef X
};

const struct gguf_format *gguf_format(uint32_t type) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].type == type) {
            return &formats[i].format;
        }
    }
    return NULL;
}

void gguf_rows(const struct gguf_tensor *t, uint64_t first, uint64_t count, float *out) {
    const struct gguf_format *format = gguf_format(t->type);
    const uint64_t blocks = t->dims[0] / format->values;
    const unsigned char *in = t->bytes + first * blocks * format->bytes;
    for (uint64_t block = 0; block < count * blocks; block++) {
        format->block(in + block * format->bytes, out + block * format->values);
    }
}
