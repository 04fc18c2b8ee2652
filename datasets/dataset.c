#include "dataset.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../harness/base/memory.h"
#include "formats.h"
#include "generate.h"
#include "input.h"
#include "manifest.h"
#include "spec.h"

enum { HELD_OUT_MAX = 1000, HELD_OUT_PART = 10 };

/* What the caller asks for besides the spec. */
struct request {
    const char *queries_path;
    int64_t max_n, max_queries; /* <= 0: all */
};

static int64_t limited(int64_t n, int64_t limit) { return limit > 0 && limit < n ? limit : n; }

/* --- digest ---------------------------------------------------------------------------------- */

static void digest_vectors(crypto_generichash_state *state, const struct vectors *v) {
    const uint64_t head[2] = {(uint64_t)v->n, (uint64_t)v->d}; /* little-endian, see view.c */
    const size_t bytes = (size_t)v->n * (size_t)v->d * sizeof *v->rows;
    crypto_generichash_update(state, (const unsigned char *)head, sizeof head);
    crypto_generichash_update(state, (const unsigned char *)v->rows, bytes);
}

static void digest_dataset(struct dataset *d) {
    unsigned char hash[32];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    digest_vectors(&state, &d->base);
    digest_vectors(&state, &d->queries);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(d->digest, sizeof d->digest, hash, sizeof hash);
}

/* --- generated ------------------------------------------------------------------------------- */

static enum status generate_set(const struct generator *g, enum generator_set set, uint64_t n,
                                struct vectors *out) {
    *out = (struct vectors){.n = (int64_t)n, .d = (int32_t)g->d};
    out->rows = mem_alloc_array((size_t)n, (size_t)g->d * sizeof *out->rows);
    return out->rows == NULL ? ST_SYSTEM : generator_rows(g, set, 0, out->n, out->rows);
}

static enum status open_generated(const char *name, const char *parameters,
                                  const struct request *ask, struct dataset *out) {
    struct generator g;
    enum status st = generator_parse(name, parameters, &g);
    if (st != ST_OK) {
        return st;
    }
    g.n = (uint64_t)limited((int64_t)g.n, ask->max_n);
    g.queries = (uint64_t)limited((int64_t)g.queries, ask->max_queries);
    snprintf(out->name, sizeof out->name, "%s", name);
    generator_describe(&g, out->spec, sizeof out->spec);
    snprintf(out->source, sizeof out->source, "generated: Philox4x32-10, AS 241");
    snprintf(out->licence, sizeof out->licence, "generated");
    st = generate_set(&g, GENERATOR_BASE, g.n, &out->base);
    return st != ST_OK ? st : generate_set(&g, GENERATOR_QUERIES, g.queries, &out->queries);
}

/* --- of the manifest ------------------------------------------------------------------------- */

/* Loads the first `keep` (0: all) rows of one file, whose checksum is compared first. */
static enum status load_manifest_file(const char *name, const char *role, uint64_t keep,
                                      struct manifest_row *row, struct vectors *out) {
    char path[4096];
    struct input in;
    if (!manifest_find(name, role, row)) {
        return status_set(ST_INPUT, "dataset %s: no row for %s in the manifest; build again", name,
                          role);
    }
    enum status st = manifest_locate(row, path, sizeof path);
    if (st == ST_OK) {
        st = input_open(path, row->sha256, &in);
    }
    if (st != ST_OK) {
        return st;
    }
    if (keep > (uint64_t)in.view.n) {
        st = status_set(ST_INPUT,
                        "dataset %s: %" PRIu64 " rows asked of %s, which has %" PRId64
                        "; ask for fewer",
                        name, keep, role, in.view.n);
    } else {
        st = view_load(&in.view, in.file.label, 0, keep == 0 ? in.view.n : (int64_t)keep, out);
    }
    input_close(&in);
    return st;
}

static enum status open_manifest(const char *name, const char *parameters,
                                 const struct request *ask, struct dataset *out) {
    uint64_t n = 0, queries = 0;
    const struct spec_key keys[] = {
        {.name = "n", .integer = &n, .least = 1, .most = DATASET_MAX_N},
        {.name = "queries", .integer = &queries, .least = 1, .most = DATASET_MAX_N}};
    enum status st = spec_parse(name, parameters, keys, sizeof keys / sizeof *keys);
    struct manifest_row row;
    if (st == ST_OK) {
        st = load_manifest_file(name, "base", n, &row, &out->base);
    }
    if (st == ST_OK) {
        st = load_manifest_file(name, "queries", queries, &row, &out->queries);
    }
    if (st != ST_OK) {
        return st;
    }
    out->base.n = limited(out->base.n, ask->max_n);
    out->queries.n = limited(out->queries.n, ask->max_queries);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->spec, sizeof out->spec, "%s:n=%" PRId64 ",queries=%" PRId64, name, out->base.n,
             out->queries.n);
    snprintf(out->source, sizeof out->source, "%s", row.source);
    snprintf(out->licence, sizeof out->licence, "%s", row.licence);
    return ST_OK;
}

/* --- the user's files ------------------------------------------------------------------------ */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* [a-z0-9._-], lower-cased, so that a record may carry it. */
static void safe_name(const char *path, char *out, size_t size) {
    snprintf(out, size, "%s", base_name(path));
    for (char *p = out; *p != '\0'; p++) {
        const char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        *p = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-", c) != NULL ? c : '-';
    }
}

static enum status load_queries_file(const struct request *ask, struct dataset *out) {
    struct input in;
    enum status st = input_open(ask->queries_path, NULL, &in);
    if (st != ST_OK) {
        return st;
    }
    if (in.format == FORMAT_HDF5) {
        st = status_set(ST_INPUT,
                        "%s: queries come from .fvecs, .bvecs, .npy or IDX; an HDF5 file "
                        "is opened as a dataset",
                        in.file.label);
    } else if (in.view.d != out->base.d) {
        st = status_set(ST_INPUT,
                        "%s: queries of dimension %" PRId32 ", vectors of dimension %" PRId32
                        "; both must have one",
                        in.file.label, in.view.d, out->base.d);
    } else {
        st = view_load(&in.view, in.file.label, 0, limited(in.view.n, ask->max_queries),
                       &out->queries);
    }
    input_close(&in);
    return st;
}

/* The last rows become queries before any limit, so that limits do not change which ones. */
static enum status hold_out(const struct input *in, const struct request *ask,
                            struct dataset *out) {
    const int64_t part = in->view.n / HELD_OUT_PART;
    const int64_t held = part < HELD_OUT_MAX ? part : HELD_OUT_MAX;
    if (held == 0) {
        return status_set(ST_INPUT,
                          "%s: %" PRId64 " rows are too few to hold out queries (1 in %d); "
                          "give a file of queries",
                          in->file.label, in->view.n, HELD_OUT_PART);
    }
    const int64_t rest = in->view.n - held;
    const enum status st =
        view_load(&in->view, in->file.label, 0, limited(rest, ask->max_n), &out->base);
    return st != ST_OK ? st
                       : view_load(&in->view, in->file.label, rest, limited(held, ask->max_queries),
                                   &out->queries);
}

static enum status load_with_queries(const struct input *in, const struct request *ask,
                                     struct dataset *out) {
    const enum status st =
        view_load(&in->view, in->file.label, 0, limited(in->view.n, ask->max_n), &out->base);
    return st != ST_OK ? st : load_queries_file(ask, out);
}

static enum status load_path(const char *path, const struct input *in, const struct request *ask,
                             struct dataset *out) {
    if (in->format != FORMAT_HDF5) {
        return ask->queries_path == NULL ? hold_out(in, ask, out) : load_with_queries(in, ask, out);
    }
    if (ask->queries_path != NULL) {
        return status_set(ST_INPUT, "%s: has queries of its own ('test'); leave out %s",
                          in->file.label, ask->queries_path);
    }
    return annb_read(path, in->file.size, in->file.label, ask->max_n, ask->max_queries, out);
}

static enum status open_path(const char *path, const struct request *ask, struct dataset *out) {
    struct input in;
    enum status st = input_open(path, NULL, &in);
    if (st != ST_OK) {
        return st;
    }
    st = load_path(path, &in, ask, out);
    input_close(&in);
    if (st != ST_OK) {
        return st;
    }
    /* The path itself stays out: it differs between machines and may name a person. */
    char queries[64] = "";
    safe_name(path, out->name, sizeof out->name);
    safe_name(ask->queries_path == NULL ? "" : ask->queries_path, queries, sizeof queries);
    snprintf(out->spec, sizeof out->spec, "%s:n=%" PRId64 ",queries=%" PRId64 ",from=%s", out->name,
             out->base.n, out->queries.n,
             ask->queries_path != NULL  ? queries
             : in.format == FORMAT_HDF5 ? "test"
                                        : "held-out");
    snprintf(out->source, sizeof out->source, "the user's file");
    snprintf(out->licence, sizeof out->licence, "the user's");
    return ST_OK;
}

/* --- dispatch -------------------------------------------------------------------------------- */

static enum status open_named(const char *name, const char *parameters, const struct request *ask,
                              struct dataset *out) {
    if (ask->queries_path != NULL) {
        return status_set(ST_INPUT, "dataset %s has queries of its own; leave out %s", name,
                          ask->queries_path);
    }
    return generator_known(name) ? open_generated(name, parameters, ask, out)
                                 : open_manifest(name, parameters, ask, out);
}

static enum status open_spec(const char *spec, const struct request *ask, struct dataset *out) {
    char name[64];
    struct manifest_row row;
    const char *colon = strchr(spec, ':');
    const size_t length = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    if (length < sizeof name) {
        memcpy(name, spec, length);
        name[length] = '\0';
        if (generator_known(name) || manifest_find(name, "base", &row)) {
            return open_named(name, colon == NULL ? "" : colon + 1, ask, out);
        }
    }
    return open_path(spec, ask, out);
}

enum status dataset_open(const char *spec, const char *queries_path, int64_t max_n,
                         int64_t max_queries, struct dataset *out) {
    const struct request ask = {
        .queries_path = queries_path, .max_n = max_n, .max_queries = max_queries};
    *out = (struct dataset){0};
    if (sodium_init() < 0) {
        return status_set(ST_SYSTEM, "libsodium cannot start: no source of random numbers");
    }
    const enum status st = open_spec(spec, &ask, out);
    if (st != ST_OK) {
        dataset_close(out);
        return st;
    }
    digest_dataset(out);
    return ST_OK;
}

void dataset_close(struct dataset *d) {
    mem_free(d->base.rows);
    mem_free(d->queries.rows);
    mem_free(d->neighbours);
    *d = (struct dataset){0};
}
