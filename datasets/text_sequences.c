/* Documents to sequences of tokens: windows of one document, or pieces of several packed. */
#include "text.h"

#include <sodium.h>
#include <string.h>

#include "../harness/base/memory.h"
#include "rng.h"

/* A document's tokens and how many of them are used. */
struct stream {
    int32_t document;
    int32_t *ids;
    size_t count, used;
};

struct cutting {
    const struct text_plan *plan;
    struct stream *streams; /* of the part, in the corpus's order */
    size_t stream_count;
    struct text_sequences *out;
    int64_t room; /* sequences */
};

static enum status tokenise(const struct text_corpus *c, const struct tokenizer *t,
                            struct cutting *cut) {
    cut->streams = mem_alloc_array(c->count, sizeof *cut->streams);
    enum status st = cut->streams == NULL ? ST_SYSTEM : ST_OK;
    for (size_t i = 0; st == ST_OK && i < c->count; i++) {
        const struct text_document *d = &c->documents[i];
        if (d->training != (cut->plan->part == TEXT_TRAINING)) {
            continue;
        }
        struct stream *s = &cut->streams[cut->stream_count++];
        s->document = (int32_t)i;
        st = tokenizer_encode(t, d->bytes, d->size, 0, &s->ids, &s->count);
        cut->out->tokens += (int64_t)s->count;
        cut->out->left_out += (int64_t)tokenizer_missing(t, d->bytes, d->size);
    }
    return st;
}

/* No more sequences can come out than tokens fill. */
static enum status reserve(struct cutting *cut) {
    struct text_sequences *o = cut->out;
    o->length = cut->plan->length;
    cut->room = o->tokens / o->length;
    if (cut->plan->most > 0 && cut->plan->most < cut->room) {
        cut->room = cut->plan->most;
    }
    const size_t cells = (size_t)cut->room * (size_t)o->length;
    o->ids = mem_alloc_array(cells, sizeof *o->ids);
    o->segments = mem_alloc_array(cells, sizeof *o->segments);
    o->positions = mem_alloc_array(cells, sizeof *o->positions);
    o->documents = mem_alloc_array(cells, sizeof *o->documents);
    return o->ids != NULL && o->segments != NULL && o->positions != NULL && o->documents != NULL
               ? ST_OK
               : ST_SYSTEM;
}

/* Moves `count` tokens of a stream behind the `filled` ones of the sequence under way. */
static void take_piece(struct cutting *cut, struct stream *s, int32_t filled, int32_t segment,
                       int32_t count) {
    const struct text_sequences *o = cut->out;
    const size_t start = (size_t)o->count * (size_t)o->length + (size_t)filled;
    memcpy(o->ids + start, s->ids + s->used, (size_t)count * sizeof *o->ids);
    for (int32_t i = 0; i < count; i++) {
        o->segments[start + (size_t)i] = segment;
        o->positions[start + (size_t)i] = i;
        o->documents[start + (size_t)i] = s->document;
    }
    s->used += (size_t)count;
}

/* Round by round the next window of each document that has one. */
static void cut_windows(struct cutting *cut) {
    const size_t length = (size_t)cut->plan->length;
    for (bool taken = true; taken;) {
        taken = false;
        for (size_t i = 0; i < cut->stream_count && cut->out->count < cut->room; i++) {
            struct stream *s = &cut->streams[i];
            if (s->count - s->used >= length) {
                take_piece(cut, s, 0, 0, cut->plan->length);
                cut->out->count++;
                taken = true;
            }
        }
    }
}

/* Length wished for piece `number`. */
static int32_t draw_length(const struct text_plan *plan, uint32_t number) {
    const uint32_t least = plan->length < 16 ? 1 : (uint32_t)plan->length / 16;
    const uint32_t most = plan->length < 2 ? 1 : (uint32_t)plan->length / 2;
    const uint32_t counter[4] = {number, 0, 0, 0};
    const uint32_t key[2] = {(uint32_t)plan->seed, (uint32_t)(plan->seed >> 32)};
    uint32_t words[4];
    philox4x32(counter, key, words);
    return (int32_t)(least + (uint32_t)((uint64_t)words[0] * (most - least + 1) >> 32));
}

static int32_t smaller(int32_t a, size_t b) { return b < (size_t)a ? (int32_t)b : a; }

/* Pieces of the documents in turn, as long as there are any. */
static void cut_packed(struct cutting *cut) {
    struct text_sequences *o = cut->out;
    int64_t left = o->tokens;
    int32_t filled = 0, segment = 0;
    uint32_t number = 0;
    if (cut->stream_count == 0) {
        return;
    }
    for (size_t i = 0; left > 0 && o->count < cut->room; i = (i + 1) % cut->stream_count) {
        struct stream *s = &cut->streams[i];
        if (s->used == s->count) {
            continue;
        }
        int32_t count = draw_length(cut->plan, number++);
        count = smaller(smaller(count, s->count - s->used), (size_t)(o->length - filled));
        take_piece(cut, s, filled, segment++, count);
        left -= count;
        filled += count;
        if (filled == o->length) {
            o->count++;
            filled = segment = 0;
        }
    }
}

static void hash_words(crypto_generichash_state *h, const int32_t *words, size_t count) {
    crypto_generichash_update(h, (const unsigned char *)words, count * sizeof *words);
}

static void set_digest(struct text_sequences *o) {
    const size_t cells = (size_t)o->count * (size_t)o->length;
    unsigned char hash[32];
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, sizeof hash);
    crypto_generichash_update(&h, (const unsigned char *)&o->count, sizeof o->count);
    hash_words(&h, &o->length, 1);
    hash_words(&h, o->ids, cells);
    hash_words(&h, o->segments, cells);
    crypto_generichash_final(&h, hash, sizeof hash);
    sodium_bin2hex(o->digest, sizeof o->digest, hash, sizeof hash);
}

enum status text_sequences(const struct text_corpus *c, const struct tokenizer *t,
                           const struct text_plan *plan, struct text_sequences *out) {
    *out = (struct text_sequences){0};
    if (plan->length < 1) {
        return status_set(ST_INPUT, "sequences of %d tokens; give a length of at least 1",
                          plan->length);
    }
    struct cutting cut = {.plan = plan, .out = out};
    enum status st = tokenise(c, t, &cut);
    if (st == ST_OK) {
        st = reserve(&cut);
    }
    if (st == ST_OK) {
        plan->packed ? cut_packed(&cut) : cut_windows(&cut);
        set_digest(out);
    }
    if (st == ST_OK && out->count == 0) {
        st = status_set(ST_INPUT,
                        "the text gives no sequence of %d tokens, it has %lld; give more text or "
                        "a smaller context",
                        plan->length, (long long)out->tokens);
    }
    for (size_t i = 0; i < cut.stream_count; i++) {
        mem_free(cut.streams[i].ids);
    }
    mem_free(cut.streams);
    if (st != ST_OK) {
        text_sequences_free(out);
    }
    return st;
}

void text_sequences_free(struct text_sequences *s) {
    mem_free(s->ids);
    mem_free(s->segments);
    mem_free(s->positions);
    mem_free(s->documents);
    *s = (struct text_sequences){0};
}
