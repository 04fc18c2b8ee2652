#include <hdf5.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../harness/base/child.h"
#include "../harness/base/memory.h"
#include "formats.h"

/* A dataset of the file, checked: shape, type, and that its bytes can be there. */
struct table {
    hid_t id;
    uint64_t n, d;
};

/* The file and what messages need. */
struct source {
    hid_t file;
    size_t size;
    const char *label;
};

static enum status damaged(const struct source *s, const char *name) {
    return status_set(ST_INPUT, "%s: '%s' cannot be read: damaged HDF5; fetch it again", s->label,
                      name);
}

static bool is_one_of(hid_t type, const hid_t *types, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (H5Tequal(type, types[i]) > 0) {
            return true;
        }
    }
    return false;
}

/* Only filters that are part of the library: others would load plugins named by the file. */
static bool filters_allowed(hid_t plist, bool *packed) {
    const int count = H5Pget_nfilters(plist);
    for (int i = 0; i < count; i++) {
        unsigned flags = 0, config = 0;
        size_t values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        if (filter == H5Z_FILTER_DEFLATE) {
            *packed = true;
        } else if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32) {
            return false;
        }
    }
    return count >= 0;
}

/* A chunk is unpacked as a whole, so its size is a demand for memory too. */
static bool chunk_allowed(hid_t plist, size_t element) {
    enum { CHUNK_MAX = 256 << 20 };
    hsize_t sides[2] = {0, 0};
    return H5Pget_chunk(plist, 2, sides) == 2 && sides[0] <= CHUNK_MAX && sides[1] <= CHUNK_MAX &&
           sides[0] * sides[1] * element <= CHUNK_MAX;
}

/* Bytes that `need` bytes of values must at least take up in the file are there. */
static enum status check_storage(const struct source *s, const char *name, hid_t id, hid_t plist,
                                 size_t element, uint64_t need) {
    enum { DEFLATE_GROWTH_MAX = 1032 };
    const H5D_layout_t layout = H5Pget_layout(plist);
    bool packed = false;
    if ((layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT) ||
        H5Pget_external_count(plist) != 0 || !filters_allowed(plist, &packed) ||
        (layout == H5D_CHUNKED && !chunk_allowed(plist, element))) {
        return status_set(
            ST_INPUT,
            "%s: '%s' is stored outside the file, behind an unknown filter or in huge "
            "chunks; rewrite it with h5repack -f NONE",
            s->label, name);
    }
    const uint64_t stored = H5Dget_storage_size(id);
    if (stored > s->size || need / (packed ? DEFLATE_GROWTH_MAX : 1) > stored) {
        return status_set(ST_INPUT,
                          "%s: truncated: '%s' needs %" PRIu64 " bytes of values and has %" PRIu64
                          " stored; fetch it again",
                          s->label, name, need, stored);
    }
    return ST_OK;
}

static enum status check_table(const struct source *s, const char *name, const hid_t *types,
                               size_t type_count, struct table *t) {
    hsize_t shape[2] = {0, 0};
    const hid_t space = H5Dget_space(t->id);
    const hid_t type = H5Dget_type(t->id);
    const hid_t plist = H5Dget_create_plist(t->id);
    enum status st;
    if (space < 0 || type < 0 || plist < 0) {
        st = damaged(s, name);
    } else if (H5Sget_simple_extent_ndims(space) != 2 ||
               H5Sget_simple_extent_dims(space, shape, NULL) != 2) {
        st = status_set(ST_INPUT, "%s: '%s' is not two-dimensional (rows, values)", s->label, name);
    } else if (!is_one_of(type, types, type_count)) {
        st = status_set(ST_INPUT, "%s: '%s' has a dtype that is not read; store %s", s->label, name,
                        type_count == 2 ? "little-endian int32 or int64"
                                        : "little-endian float32, float64 or uint8");
    } else {
        st = view_limits(s->label, shape[0], shape[1]);
    }
    if (st == ST_OK) {
        const size_t element = H5Tget_size(type);
        st = check_storage(s, name, t->id, plist, element, shape[0] * shape[1] * element);
    }
    t->n = shape[0];
    t->d = shape[1];
    H5Pclose(plist);
    H5Tclose(type);
    H5Sclose(space);
    return st;
}

/* True if NAME is in the file under a hard link: soft and external ones may lead anywhere. */
static bool has_table(const struct source *s, const char *name) {
    H5L_info_t link;
    return H5Lexists(s->file, name, H5P_DEFAULT) > 0 &&
           H5Lget_info(s->file, name, &link, H5P_DEFAULT) >= 0 && link.type == H5L_TYPE_HARD;
}

static enum status open_table(const struct source *s, const char *name, const hid_t *types,
                              size_t type_count, struct table *t) {
    t->id = H5Dopen2(s->file, name, H5P_DEFAULT);
    if (t->id < 0) {
        return damaged(s, name);
    }
    const enum status st = check_table(s, name, types, type_count, t);
    if (st != ST_OK) {
        H5Dclose(t->id);
    }
    return st;
}

static enum status open_vectors(const struct source *s, const char *name, struct table *t) {
    const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_U8LE};
    if (!has_table(s, name)) {
        return status_set(ST_INPUT,
                          "%s: no dataset '%s'; an ann-benchmarks file has 'train' and 'test'",
                          s->label, name);
    }
    return open_table(s, name, types, sizeof types / sizeof *types, t);
}

static enum status open_ids(const struct source *s, const char *name, struct table *t) {
    const hid_t types[] = {H5T_STD_I32LE, H5T_STD_I64LE};
    return open_table(s, name, types, sizeof types / sizeof *types, t);
}

/* The first `rows` rows into *out (mem_alloc), converted by HDF5 to `type`; *out is NULL on
 * failure. */
static enum status read_rows(const struct source *s, const char *name, const struct table *t,
                             uint64_t rows, hid_t type, void **out) {
    const hsize_t start[2] = {0, 0}, count[2] = {rows, t->d};
    *out = mem_alloc_array((size_t)rows, (size_t)t->d * H5Tget_size(type));
    if (*out == NULL) {
        return ST_SYSTEM;
    }
    const hid_t from = H5Dget_space(t->id);
    const hid_t to = H5Screate_simple(2, count, NULL);
    const bool read = from >= 0 && to >= 0 &&
                      H5Sselect_hyperslab(from, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                      H5Dread(t->id, type, to, from, H5P_DEFAULT, *out) >= 0;
    H5Sclose(to);
    H5Sclose(from);
    if (!read) {
        mem_free(*out);
        *out = NULL;
        return damaged(s, name);
    }
    return ST_OK;
}

static uint64_t keep_rows(uint64_t n, int64_t limit) {
    return limit > 0 && (uint64_t)limit < n ? (uint64_t)limit : n;
}

static enum status load_vectors(const struct source *s, const char *name, const struct table *t,
                                int64_t limit, struct vectors *out) {
    const uint64_t rows = keep_rows(t->n, limit);
    void *values;
    const enum status st = read_rows(s, name, t, rows, H5T_NATIVE_FLOAT, &values);
    if (st != ST_OK) {
        return st;
    }
    *out = (struct vectors){.n = (int64_t)rows, .d = (int32_t)t->d, .rows = values};
    char label[300];
    snprintf(label, sizeof label, "%s: %s", s->label, name);
    return rows_finite(label, out->rows, 0, out->n, out->d);
}

/* Scales every row to unit length, so that squared L2 ranks as cosine does. */
static enum status normalise(const struct source *s, const char *name, struct vectors *v) {
    for (int64_t r = 0; r < v->n; r++) {
        float *row = v->rows + r * v->d;
        double square = 0.0;
        for (int32_t i = 0; i < v->d; i++) {
            square += (double)row[i] * (double)row[i];
        }
        if (!(square > 0.0)) {
            return status_set(ST_INPUT,
                              "%s: row %" PRId64 " of '%s' is zero and has no angle; remove it",
                              s->label, r, name);
        }
        const double norm = sqrt(square);
        for (int32_t i = 0; i < v->d; i++) {
            row[i] = (float)((double)row[i] / norm);
        }
    }
    return ST_OK;
}

static enum status check_ids(const struct source *s, const struct dataset *out, uint64_t base_n) {
    const int64_t count = out->queries.n * out->neighbour_k;
    for (int64_t i = 0; i < count; i++) {
        if (out->neighbours[i] < 0 || (uint64_t)out->neighbours[i] >= base_n) {
            return status_set(ST_INPUT,
                              "%s: 'neighbors' of query %" PRId64 " name vector %" PRId32
                              " of %" PRIu64 "; fetch it again",
                              s->label, i / out->neighbour_k, out->neighbours[i], base_n);
        }
    }
    return ST_OK;
}

/* `distances` is not used, but one that does not fit `neighbors` means a broken file. */
static enum status check_distances(const struct source *s, const struct table *ids) {
    struct table distances;
    if (!has_table(s, "distances")) {
        return ST_OK;
    }
    const enum status st = open_vectors(s, "distances", &distances);
    if (st != ST_OK) {
        return st;
    }
    H5Dclose(distances.id);
    if (distances.n != ids->n || distances.d != ids->d) {
        return status_set(
            ST_INPUT, "%s: 'distances' and 'neighbors' differ in shape; fetch it again", s->label);
    }
    return ST_OK;
}

static enum status load_neighbours(const struct source *s, const struct table *base,
                                   const struct table *queries, struct dataset *out) {
    struct table ids;
    if (!has_table(s, "neighbors")) {
        return ST_OK;
    }
    enum status st = open_ids(s, "neighbors", &ids);
    if (st != ST_OK) {
        return st;
    }
    if (ids.n != queries->n) {
        st = status_set(ST_INPUT,
                        "%s: 'neighbors' has %" PRIu64 " rows, 'test' %" PRIu64 "; fetch it again",
                        s->label, ids.n, queries->n);
    } else {
        st = check_distances(s, &ids);
    }
    if (st == ST_OK && (uint64_t)out->base.n == base->n) {
        void *values;
        st = read_rows(s, "neighbors", &ids, (uint64_t)out->queries.n, H5T_NATIVE_INT32, &values);
        out->neighbours = values;
        out->neighbour_k = (int32_t)ids.d;
    }
    if (st == ST_OK && out->neighbours != NULL) {
        st = check_ids(s, out, base->n);
    }
    H5Dclose(ids.id);
    return st;
}

/* Text of the string attribute `id`, fixed or variable, cut to fit; false if it is none. */
static bool read_text(hid_t id, char *out, size_t size) {
    const hid_t type = H5Aget_type(id);
    const hid_t space = H5Aget_space(id);
    bool read = false;
    memset(out, 0, size);
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        const hid_t memory = H5Tcopy(H5T_C_S1);
        H5Tset_cset(memory, H5Tget_cset(type));
        if (H5Tis_variable_str(type) > 0) {
            char *text = NULL;
            H5Tset_size(memory, H5T_VARIABLE);
            if (H5Aread(id, memory, &text) >= 0 && text != NULL) {
                strncpy(out, text, size - 1);
                read = true;
            }
            H5free_memory(text);
        } else {
            H5Tset_size(memory, size);
            read = H5Aread(id, memory, out) >= 0;
        }
        H5Tclose(memory);
    }
    H5Sclose(space);
    H5Tclose(type);
    return read;
}

static enum status read_distance(const struct source *s, bool *cosine) {
    char text[32] = "";
    const hid_t id = H5Aexists(s->file, "distance") > 0 ? H5Aopen(s->file, "distance", H5P_DEFAULT)
                                                        : H5I_INVALID_HID;
    const bool read = id >= 0 && read_text(id, text, sizeof text);
    if (id >= 0) {
        H5Aclose(id);
    }
    if (!read) {
        return status_set(ST_INPUT,
                          "%s: no attribute 'distance' of text; set it to 'euclidean' or "
                          "'angular'",
                          s->label);
    }
    *cosine = strcmp(text, "angular") == 0;
    if (!*cosine && strcmp(text, "euclidean") != 0) {
        for (char *p = text; *p != '\0'; p++) {
            *p = *p < ' ' || *p > '~' ? '?' : *p; /* the file's text may hold terminal escapes */
        }
        return status_set(ST_INPUT,
                          "%s: distance '%s' is not supported; only euclidean and angular",
                          s->label, text);
    }
    return ST_OK;
}

static enum status load_pair(const struct source *s, const struct table *base,
                             const struct table *queries, int64_t max_n, int64_t max_queries,
                             struct dataset *out) {
    if (base->d != queries->d) {
        return status_set(ST_INPUT,
                          "%s: 'train' has dimension %" PRIu64 ", 'test' %" PRIu64
                          "; both must have one",
                          s->label, base->d, queries->d);
    }
    enum status st = load_vectors(s, "train", base, max_n, &out->base);
    if (st == ST_OK) {
        st = load_vectors(s, "test", queries, max_queries, &out->queries);
    }
    if (st == ST_OK && out->cosine) {
        st = normalise(s, "train", &out->base);
    }
    if (st == ST_OK && out->cosine) {
        st = normalise(s, "test", &out->queries);
    }
    if (st == ST_OK) {
        st = load_neighbours(s, base, queries, out);
    }
    return st;
}

static enum status load_file(const struct source *s, int64_t max_n, int64_t max_queries,
                             struct dataset *out) {
    struct table base, queries;
    enum status st = read_distance(s, &out->cosine);
    if (st == ST_OK) {
        st = open_vectors(s, "train", &base);
    }
    if (st != ST_OK) {
        return st;
    }
    st = open_vectors(s, "test", &queries);
    if (st == ST_OK) {
        st = load_pair(s, &base, &queries, max_n, max_queries, out);
        H5Dclose(queries.id);
    }
    H5Dclose(base.id);
    return st;
}

/* Opens NAME with `access` (which it closes), loads, and leaves *out empty on failure. */
static enum status load(const char *name, hid_t access, struct source *s, int64_t max_n,
                        int64_t max_queries, struct dataset *out) {
    *out = (struct dataset){0};
    H5PLset_loading_state(0);              /* a file must not choose code to run */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* our one line replaces HDF5's stack */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    s->file = H5Fopen(name, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (s->file < 0) {
        return status_set(ST_INPUT, "%s: not a readable HDF5 file, or truncated; fetch it again",
                          s->label);
    }
    const enum status st = load_file(s, max_n, max_queries, out);
    H5Fclose(s->file);
    if (st != ST_OK) {
        dataset_close(out);
    }
    return st;
}

/* Arguments of both public functions; `path` is NULL for an image. */
struct task {
    const char *path;
    const void *bytes;
    size_t size;
    const char *label;
    int64_t max_n, max_queries;
};

static hid_t image_access(const struct task *t) {
    enum { GROWTH = 1 << 16 };
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, GROWTH, 0);
    /* HDF5 copies the image and never writes to it, but takes a pointer to non-const. */
    H5Pset_file_image(access, (void *)(uintptr_t)t->bytes, t->size);
    return access;
}

static hid_t file_access(void) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1); /* read-only media and NFS refuse locks */
    return access;
}

static enum status load_task(const struct task *t, struct dataset *out) {
    struct source s = {.size = t->size, .label = t->label};
    /* The core driver wants a name that does not exist: below a device nothing can. */
    return t->path == NULL
               ? load("/dev/null/image", image_access(t), &s, t->max_n, t->max_queries, out)
               : load(t->path, file_access(), &s, t->max_n, t->max_queries, out);
}

static enum status try_task(void *arg, void **bytes, size_t *size) {
    struct dataset thrown_away;
    *bytes = NULL;
    *size = 0;
    return load_task(arg, &thrown_away);
}

/* libhdf5 1.10.8 crashes on some damaged files (a broken global heap is one), so the file is read
 * once in a child; the second reading comes from the page cache.  Against accidents, not against
 * attackers: the second reading meets the same bytes, but is not fenced in. */
static enum status run_task(struct task *t, struct dataset *out) {
    /* Below what any disk or filter gives, above what any file of vectors unpacks to. */
    enum { SECONDS = 5, BYTES_A_SECOND = 8 << 20, MEMORY = 1 << 30, MEMORY_A_BYTE = 64 };
    const unsigned seconds = SECONDS + (unsigned)(t->size / BYTES_A_SECOND);
    const struct child_limits limits = {.cpu_seconds = seconds,
                                        .wall_seconds = 10 * seconds,
                                        .memory_bytes = MEMORY + MEMORY_A_BYTE * t->size,
                                        .files = 1,
                                        .failure = ST_INPUT,
                                        .doing = "reading it",
                                        .advice = "damaged; fetch it again"};
    *out = (struct dataset){0};
    const enum status st = child_run(&limits, try_task, t, t->label, NULL, NULL);
    return st != ST_OK ? st : load_task(t, out);
}

enum status annb_parse(const void *bytes, size_t size, const char *label, int64_t max_n,
                       int64_t max_queries, struct dataset *out) {
    struct task t = {
        .bytes = bytes, .size = size, .label = label, .max_n = max_n, .max_queries = max_queries};
    return run_task(&t, out);
}

enum status annb_read(const char *path, size_t size, const char *label, int64_t max_n,
                      int64_t max_queries, struct dataset *out) {
    struct task t = {
        .path = path, .size = size, .label = label, .max_n = max_n, .max_queries = max_queries};
    return run_task(&t, out);
}

enum status annb_parse_untried(const void *bytes, size_t size, const char *label, int64_t max_n,
                               int64_t max_queries, struct dataset *out) {
    const struct task t = {
        .bytes = bytes, .size = size, .label = label, .max_n = max_n, .max_queries = max_queries};
    return load_task(&t, out);
}
