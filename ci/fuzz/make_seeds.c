/* Writes the seed corpora: small files that the readers accept, or refuse late.
 *
 *   make_seeds FOLDER     writes FOLDER/TARGET/NAME; other files there stay as they are
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "../../datasets/gguf.h"
#include "../../datasets/tests/gguf_build.h"
#include "../../datasets/projections.h"
#include "../../datasets/trace.h"
#include "../../harness/record/cells_tree.h"
#include "../../harness/record/journal.h"
#include "../../harness/seal/minisign.h"
#include "../../harness/record/record_format.h"
#include "../../harness/seal/seal.h"
#include "../../harness/record/tree_pack.h"

static const char *folder;

static void require(bool held, const char *what) {
    if (held)
        return;
    fprintf(stderr, "make_seeds: %s: %s %s\n", what, strerror(errno), status_message());
    exit(1);
}

static void store(const char *target, const char *name, const void *bytes, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, target);
    require(mkdir(path, 0777) == 0 || errno == EEXIST, path);
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    FILE *f = fopen(path, "wb");
    require(f != NULL, path);
    require(fwrite(bytes, 1, size, f) == size && fclose(f) == 0, path);
}

static void store_text(const char *target, const char *name, const char *text) {
    store(target, name, text, strlen(text));
}

/* --- vectors -------------------------------------------------------------------------------- */

static void store_packed(const char *name, const void *bytes, size_t size) {
    unsigned char out[512];
    z_stream z = {.next_in = (void *)(uintptr_t)bytes,
                  .avail_in = (uInt)size,
                  .next_out = out,
                  .avail_out = sizeof out};
    enum { GZIP = 15 + 16, MEMORY = 8 };
    require(deflateInit2(&z, 9, Z_DEFLATED, GZIP, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK, "deflate");
    require(deflate(&z, Z_FINISH) == Z_STREAM_END, "deflate");
    store("idx", name, out, sizeof out - z.avail_out);
    deflateEnd(&z);
}

static void write_idx(void) {
    static const unsigned char plane[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    static const unsigned char cube[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,
                                         0, 0, 0, 2, 0, 1, 2, 3, 4, 5, 6, 255};
    static const unsigned char four[] = {0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1,
                                         0, 0, 0, 1, 0, 0, 0, 4, 9, 8, 7, 6};
    unsigned char large[16 + 200] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 10, 0, 0, 0, 10};
    store("idx", "rank-2", plane, sizeof plane);
    store("idx", "rank-3", cube, sizeof cube);
    store("idx", "rank-4", four, sizeof four);
    store_packed("rank-2.gz", plane, sizeof plane);
    store_packed("rank-3.gz", large, sizeof large);
}

static void write_texmex(void) {
    const float values[3] = {1, -2.5F, 1e-30F};
    const unsigned char whole[3] = {0, 0x7f, 0xff};
    const int32_t d = 3;
    unsigned char floats[2 * (sizeof d + sizeof values)], bytes[2 * (sizeof d + 3)];
    for (size_t row = 0; row < 2; row++) {
        unsigned char *f = floats + row * (sizeof d + sizeof values);
        unsigned char *b = bytes + row * (sizeof d + 3);
        memcpy(f, &d, sizeof d);
        memcpy(f + sizeof d, values, sizeof values);
        memcpy(b, &d, sizeof d);
        memcpy(b + sizeof d, whole, sizeof whole);
    }
    store("texmex", "fvecs", floats, sizeof floats);
    store("texmex", "bvecs", bytes, sizeof bytes);
}

/* Header of `version`, padded as NumPy pads it, and `size` bytes of zeros. */
static void store_npy(const char *name, unsigned version, const char *type, size_t size) {
    enum { HEADER = 128 };
    unsigned char file[HEADER + 64] = "\x93NUMPY";
    const size_t start = version == 1 ? 10 : 12;
    memset(file + start, ' ', HEADER - start);
    file[6] = (unsigned char)version;
    file[8] = (unsigned char)(HEADER - start);
    const int n = snprintf((char *)file + start, HEADER - start,
                           "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }", type);
    file[start + (size_t)n] = ' ';
    file[HEADER - 1] = '\n';
    store("npy", name, file, HEADER + size);
}

static void write_npy(void) {
    store_npy("f4", 1, "<f4", 24);
    store_npy("f8", 1, "<f8", 48);
    store_npy("u1", 2, "|u1", 6);
}

/* --- ann-benchmarks ------------------------------------------------------------------------- */

/* The file of each HDF5 seed, in memory. */
static hid_t create_image(void) {
    enum { INCREMENT = 1 << 12 };
    char name[64];
    record_hdf5_quiet();
    record_image_name(name);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_fapl_core(access, INCREMENT, 0);
    H5Pset_obj_track_times(creation, 0);
    const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    require(file >= 0, "HDF5 file");
    return file;
}

static void store_image(const char *target, const char *name, hid_t file) {
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(file, NULL, 0);
    void *image = size > 0 ? malloc((size_t)size) : NULL;
    require(image != NULL && H5Fget_file_image(file, image, (size_t)size) == size, name);
    store(target, name, image, (size_t)size);
    free(image);
    H5Fclose(file);
}

/* How a dataset is stored; without times, so that a seed written anew is the same. */
static hid_t storage(bool chunked) {
    const hsize_t chunk[2] = {2, 2};
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(plist, 0);
    if (chunked) {
        H5Pset_chunk(plist, 2, chunk);
        H5Pset_fletcher32(plist);
    }
    return plist;
}

static void add_table(hid_t file, const char *name, hsize_t n, hsize_t d, hid_t type, hid_t plist) {
    const double values[64] = {1, 2, 3, 0, 1, 2, 1, 3, 3, 1, 2, 1};
    const hsize_t shape[2] = {n, d};
    const hid_t space = H5Screate_simple(2, shape, NULL);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    require(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, name);
    H5Dclose(set);
    H5Sclose(space);
}

static void add_text(hid_t file, const char *name, const char *text, bool variable) {
    const hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, variable ? H5T_VARIABLE : strlen(text));
    const hid_t id = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    require(H5Awrite(id, type, variable ? (const void *)&text : (const void *)text) >= 0, name);
    H5Aclose(id);
    H5Tclose(type);
    H5Sclose(space);
}

static void write_annb(void) {
    const hid_t plain = storage(false), packed = storage(true);
    hid_t file = create_image();
    add_table(file, "train", 4, 3, H5T_IEEE_F32LE, plain);
    add_table(file, "test", 2, 3, H5T_IEEE_F64LE, plain);
    add_table(file, "neighbors", 2, 2, H5T_STD_I32LE, plain);
    add_table(file, "distances", 2, 2, H5T_IEEE_F32LE, plain);
    add_text(file, "distance", "euclidean", false);
    store_image("annb", "euclidean", file);

    H5Pset_shuffle(packed);
    H5Pset_deflate(packed, 6);
    file = create_image();
    add_table(file, "train", 4, 3, H5T_IEEE_F32LE, packed);
    add_table(file, "test", 2, 3, H5T_STD_U8LE, plain);
    add_text(file, "distance", "angular", true);
    H5Pclose(packed);
    H5Pclose(plain);
    store_image("annb", "angular-chunked", file);
}

/* --- records -------------------------------------------------------------------------------- */

static struct tree *small_tree(void) {
    struct tree *root = tree_new(), *measured = tree_group(root, "measurements");
    tree_group(root, "outputs");
    tree_set_i64(tree_group(root, "plan"), "seed", 7);
    tree_set_string(measured, "started", "2026-01-02T03:04:05Z");
    require(tree_set_string(tree_group(measured, "environment"), "suite_commit", "0123abcd"),
            "tree");
    return root;
}

/* One of each type and rank. */
static struct tree *typed_tree(void) {
    struct tree *root = small_tree(), *plan = tree_group(root, "plan");
    const uint64_t matrix[2] = {2, 3}, cube[4] = {1, 2, 1, 2}, none[1] = {0};
    const int32_t whole[6] = {1, -2, 3, INT32_MIN, INT32_MAX, 0};
    const float real[6] = {0.5F, -0.0F, 1e-45F, 3, 4, 5};
    const uint64_t large = UINT64_MAX;
    tree_set(plan, "u64", TREE_U64, 0, NULL, &large);
    tree_set(plan, "f32", TREE_F32, 2, matrix, real);
    tree_set_null(plan, "null");
    tree_set_string(plan, "empty", "");
    tree_set_string(plan, "text", "caf\xc3\xa9");
    struct tree *data = tree_group(tree_group(root, "outputs"), "data");
    tree_dataset(data, "i32", TREE_I32, 2, matrix, whole);
    tree_dataset(data, "u8", TREE_U8, 4, cube, "\0\1\xfe\xff");
    tree_dataset(data, "none", TREE_F64, 1, none, NULL);
    tree_dataset(data, "missing", TREE_F64, -1, NULL, NULL);
    struct tree *note = tree_dataset(data, "note", TREE_STRING, 0, NULL, "a note");
    require(tree_set_string(note, "unit", "none"), "tree");
    return root;
}

static void make_cells(struct cell cells[2]) {
    struct cell *pass = &cells[0], *skip = &cells[1];
    *pass = (struct cell){.experiment = "toy", .arm = "a", .kernel = "k/cpu", .backend = "cpu"};
    cell_param_text(pass, "dataset", "iid");
    cell_param_real(pass, "eps0", 2.1);
    cell_param_integer(pass, "k", 10);
    cell_metric(pass, "recall", "share", true, 0.5, 100);
    metric_interval(cell_metric(pass, "qps", "1/s", false, 12.5, 2), 12, 13);
    pass->sample_units = 100;
    require(cell_sample(pass, 0.5, 0) && cell_sample(pass, 0.25, 0.5), "samples");
    strcpy(pass->output_digest, "00ff");
    cell_verdict(pass, VERDICT_PASS, "%s", "");
    *skip = (struct cell){.experiment = "toy", .arm = "b", .kernel = "k/cuda", .backend = "cuda"};
    cell_metric(skip, "qps", "1/s", false, 1, 1);
    cell_verdict(skip, VERDICT_SKIP, "no CUDA device");
    cell_identify(pass);
    cell_identify(skip);
}

static struct tree *run_tree(void) {
    struct cell cells[2];
    struct tree *root = small_tree();
    make_cells(cells);
    require(cells_to_tree(cells, 2, root) == ST_OK, "cells");
    for (size_t i = 0; i < 2; i++)
        cell_free(&cells[i]);
    require(tree_set_string(tree_group(root, "plan"), "profile", "smoke"), "tree");
    return root;
}

/* One tree as record, packed and sealed. */
static void store_tree(const char *name, struct tree *root) {
    void *bytes;
    size_t size;
    char text[SEAL_MAX_BYTES];
    struct seal seal;
    require(record_encode(root, &bytes, &size) == ST_OK, name);
    store("record", name, bytes, size);
    require(seal_make(root, bytes, size, name, &seal) == ST_OK, name);
    store("seal", name, text, seal_format(&seal, text));
    free(bytes);
    require(tree_pack(root, &bytes, &size) == ST_OK, name);
    store("tree_pack", name, bytes, size);
    free(bytes);
    tree_free(root);
}

/* The whole content of a file. */
static void *load(const char *path, size_t *size) {
    enum { MOST = 4 << 20 };
    FILE *f = fopen(path, "rb");
    void *bytes = malloc(MOST);
    require(f != NULL && bytes != NULL, path);
    *size = fread(bytes, 1, MOST, f);
    fclose(f);
    return bytes;
}

/* A committed record with a few of its cells, packed: for tables of experiments that exist. */
static void write_report(const char *name, const char *path, size_t most) {
    size_t size, count;
    void *bytes = load(path, &size);
    struct tree *root, *few = small_tree();
    struct cell *cells;
    require(record_decode(bytes, size, path, &root) == ST_OK, path);
    require(cells_from_tree(root, &cells, &count) == ST_OK, path);
    for (size_t i = 0; i < count; i++)
        cells[i].sample_count = cells[i].sample_count < 2 ? cells[i].sample_count : 2;
    require(cells_to_tree(cells, count < most ? count : most, few) == ST_OK, path);
    free(bytes);
    cells_free(cells, count);
    require(tree_pack(few, &bytes, &size) == ST_OK, path);
    store("report", name, bytes, size);
    free(bytes);
    tree_free(few);
    tree_free(root);
}

/* A run that was killed after its first cells. */
static void write_journal(void) {
    char path[4096];
    struct journal *j;
    store_text("journal", "empty.partial", "attest-partial-1\n");
    snprintf(path, sizeof path, "%s/journal/run.partial", folder);
    unlink(path);
    *strrchr(path, '.') = '\0';
    require(journal_open(path, &j) == ST_OK, path);
    struct tree *head = tree_new(), *entry = tree_new(), *run = run_tree();
    tree_set_string(head, "kind", "head");
    tree_merge(tree_group(head, "plan"), tree_find(run, "plan"));
    tree_set_string(tree_group(head, "session"), "started", "2026-01-02T03:04:05Z");
    tree_set_string(tree_group(head, "environment"), "suite_commit", "0123abcd");
    tree_set_string(entry, "kind", "cells");
    tree_set_i64(entry, "group", 0);
    tree_merge(tree_group(entry, "record"), run);
    require(journal_append(j, head) == ST_OK && journal_append(j, entry) == ST_OK, path);
    journal_close(j);
    tree_free(head);
    tree_free(entry);
    tree_free(run);
}

/* What the strict profile refuses, so that mutation starts from each of them. */
static void write_foreign_records(void) {
    hid_t file = create_image();
    const hid_t plist = storage(true);
    add_table(file, "chunked", 4, 3, H5T_IEEE_F64LE, plist);
    H5Pset_deflate(plist, 6);
    add_table(file, "packed", 4, 3, H5T_IEEE_F64LE, plist);
    H5Pclose(plist);
    store_image("record", "chunked", file);

    file = create_image();
    add_text(file, "text", "of any length", true);
    H5Lcreate_soft("/nowhere", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/", file, "cycle", H5P_DEFAULT, H5P_DEFAULT);
    store_image("record", "links", file);
}

/* --- models --------------------------------------------------------------------------------- */

/* A tensor of each type, one row of one block of zeros, in the order of GGUF_TYPE_LIST. */
static void put_tensors(struct gguf_build *b) {
    uint64_t offset = 0;
#define X(name, small, number, values, bytes)                                                      \
    gb_tensor(b, #small, values, 2, number, offset);                                               \
    offset += (2 * (bytes) + 31) / 32 * 32;
    GGUF_TYPE_LIST(X)
#undef X
    gb_align(b, 32);
    for (uint64_t i = 0; i < offset; i++)
        gb_u8(b, (uint8_t)(i % 7));
}

/* The number of rows of GGUF_TYPE_LIST. */
static uint64_t tensor_types(void) {
#define X(name, small, number, values, bytes) +1
    return 0 GGUF_TYPE_LIST(X);
#undef X
}

static void write_model(const char *name, const char *pre) {
    static const char *const tokens[] = {"<|im_start|>", "a", "b", "\xc4\xa0", "ab"};
    unsigned char memory[8192];
    struct gguf_build b = {.data = memory, .room = sizeof memory};
    gb_header(&b, 3, tensor_types(), 10);
    gb_key_text(&b, "general.architecture", "llama");
    gb_key_u32(&b, "general.alignment", 32);
    gb_key_text(&b, "tokenizer.ggml.model", "gpt2");
    gb_key_text(&b, "tokenizer.ggml.pre", pre);
    gb_key_array(&b, "tokenizer.ggml.tokens", 8, 5);
    for (size_t i = 0; i < 5; i++)
        gb_text(&b, tokens[i]);
    gb_key_array(&b, "tokenizer.ggml.token_type", 5, 5);
    for (uint32_t i = 0; i < 5; i++)
        gb_u32(&b, i == 0 ? 3 : 1);
    gb_key_array(&b, "tokenizer.ggml.merges", 8, 1);
    gb_text(&b, "a b");
    gb_key(&b, "i8", 1);
    gb_u8(&b, 0xfe);
    gb_key(&b, "f64", 12);
    gb_put(&b, &(double){0.25}, 8);
    gb_key(&b, "yes", 7);
    gb_u8(&b, 1);
    put_tensors(&b);
    require(!b.full, name);
    store("gguf", name, memory, b.size);
}

/* The smallest Llama: one layer, 2 query heads of width 2 over one KV head. */
static void write_llama(void) {
    enum { HIDDEN = 4, QUERY = 4, KEY = 2, FFN = 3, VOCABULARY = 5, ROOM = 32 };
    static const struct {
        const char *name;
        uint64_t width, rows; /* rows 0: one dimension */
    } tensors[] = {
        {"token_embd.weight", HIDDEN, VOCABULARY},   {"output_norm.weight", HIDDEN, 0},
        {"blk.0.attn_norm.weight", HIDDEN, 0},       {"blk.0.attn_q.weight", HIDDEN, QUERY},
        {"blk.0.attn_k.weight", HIDDEN, KEY},        {"blk.0.attn_v.weight", HIDDEN, KEY},
        {"blk.0.attn_output.weight", QUERY, HIDDEN}, {"blk.0.ffn_norm.weight", HIDDEN, 0},
        {"blk.0.ffn_gate.weight", HIDDEN, FFN},      {"blk.0.ffn_up.weight", HIDDEN, FFN},
        {"blk.0.ffn_down.weight", FFN, HIDDEN}};
    const size_t count = sizeof tensors / sizeof tensors[0];
    unsigned char memory[4096];
    struct gguf_build b = {.data = memory, .room = sizeof memory};
    gb_header(&b, 3, count, 8);
    gb_key_text(&b, "general.architecture", "llama");
    gb_key_u32(&b, "llama.attention.head_count", 2);
    gb_key_u32(&b, "llama.attention.head_count_kv", 1);
    gb_key_f32(&b, "llama.attention.layer_norm_rms_epsilon", 0x1p-16F);
    gb_key_u32(&b, "llama.block_count", 1);
    gb_key_u32(&b, "llama.context_length", 8);
    gb_key_u32(&b, "llama.embedding_length", HIDDEN);
    gb_key_u32(&b, "llama.feed_forward_length", FFN);
    for (size_t i = 0; i < count; i++)
        gb_tensor(&b, tensors[i].name, tensors[i].width, tensors[i].rows, GGUF_F16, i * 2 * ROOM);
    gb_align(&b, ROOM);
    for (size_t i = 0; i < count; i++) {
        const uint64_t values = tensors[i].width * (tensors[i].rows > 0 ? tensors[i].rows : 1);
        for (uint64_t v = 0; v < values; v++)
            gb_put(&b, v % 3 == 0 ? "\x00\x3c" : "\x00\xb4", 2); /* 1 and -0.25 */
        gb_align(&b, ROOM);
        for (uint64_t v = values * 2; v <= ROOM && i + 1 < count; v += ROOM)
            gb_put(&b, (const char[ROOM]){0}, ROOM);
    }
    require(!b.full, "llama");
    store("lm", "llama", memory, b.size);
}

static void write_projections(void) {
    struct projections p = {.plan = {.model = "model",
                                     .model_digest = "00",
                                     .text = "text",
                                     .text_digest = "01",
                                     .sequences = 2,
                                     .tokens = 8,
                                     .steps = 4,
                                     .batch = 1,
                                     .rate = 1e-4,
                                     .temperature = 0.07,
                                     .positives = 16}};
    const int32_t widths[] = {2, 1};
    struct tree *root;
    void *bytes;
    size_t size;
    for (int32_t i = 0; i < 2; i++) {
        struct projection_set *s = &p.sets[p.set_count++];
        *s = (struct projection_set){.d_search = widths[i],
                                     .seed = 1,
                                     .hidden = 3,
                                     .layer_count = 2,
                                     .layers = {0, 3},
                                     .points = 2};
        require(projection_set_new(s) == ST_OK, "projections");
        for (int32_t k = 0; k < 2 * widths[i] * 3; k++)
            s->wq[k] = s->wk[k] = (float)k / 4;
        for (int32_t k = 0; k < 2 * 2; k++) {
            s->step[k % 2] = 2 * (k % 2 + 1);
            s->loss[k] = 2 - (float)k / 8;
        }
    }
    require(projections_to_tree(&p, &root) == ST_OK, "projections");
    require(tree_pack(root, &bytes, &size) == ST_OK, "projections");
    store("projections", "small", bytes, size);
    free(bytes);
    tree_free(root);
    projections_free(&p);
}

static void write_trace(void) {
    struct trace t = {.model = "model",
                      .model_digest = "00",
                      .text = "text",
                      .text_digest = "01",
                      .layer_count = 2,
                      .heads = 2,
                      .kv_heads = 1,
                      .head_dim = 2,
                      .layers = {0, 3},
                      .tokens = 3,
                      .position_count = 2};
    const size_t keys = 2 * 1 * 3 * 2, queries = 2 * 2 * 2 * 2;
    struct tree *root;
    void *bytes;
    size_t size;
    require(trace_new(&t) == ST_OK, "trace");
    t.positions[1] = 2;
    for (size_t i = 0; i < keys; i++)
        t.k[i] = t.v[i] = (float)i / 4;
    for (size_t i = 0; i < queries; i++)
        t.q[i] = -(float)i * 0x1p-24F; /* subnormal in half precision */
    require(trace_to_tree(&t, &root) == ST_OK, "trace");
    require(tree_pack(root, &bytes, &size) == ST_OK, "trace");
    store("trace", "small", bytes, size);
    free(bytes);
    tree_free(root);
    trace_free(&t);
}

/* --- keys ----------------------------------------------------------------------------------- */

/* Fields that follow from nothing: seeds are to be the same each time. */
static void write_minisign(void) {
    char text[MINISIGN_FILE_MAX];
    struct minisign_public key = {.id = "identity", .key = "not a point of the curve"};
    struct minisign_signature s = {
        .untrusted = "untrusted", .trusted = "trusted", .id = "identity"};
    /* Algorithms of key, derivation and checksum; the rest is encrypted and may be anything. */
    struct minisign_locked locked = {.bytes = "EdScB2"};
    const size_t length = minisign_locked_format(&locked, text);
    require(minisign_locked_parse(text, length, "seed", &locked) == ST_OK, "locked");
    store("minisign", "locked", text, length);
    store("minisign", "public", text, minisign_public_format(&key, text));
    store("minisign", "signature", text, minisign_signature_format(&s, text));
    struct tree *root = run_tree();
    struct seal seal;
    require(seal_make(root, "", 0, "seed", &seal) == ST_OK, "seal");
    strcpy(seal.name, "run.h5");
    seal.number = 1;
    require(seal_comment_format(&seal, "seed", s.trusted) == ST_OK, "comment");
    store("minisign", "sealed", text, minisign_signature_format(&s, text));
    tree_free(root);
}

/* --- text ----------------------------------------------------------------------------------- */

static void write_specs(void) {
    store_text("spec", "clusters",
               "clusters:n=1000,d=16,queries=10,clusters=20,decay=5.5,spread=0.25,seed=3");
    store_text("spec", "iid", "iid:n=100,d=8,queries=2,seed=18446744073709551615");
    store_text("spec", "integers", "integers:queries=2,d=8,n=100");
    store_text("spec", "real", "clusters:n=9,d=9,queries=9,decay=1e-6,spread=0x1p-3");
}

static void write_html(void) {
    store_text(
        "html", "page",
        "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body class=\"x\">"
        "<!-- c --><h1 id='a'>One</h1><p>Two &amp; three&nbsp;&#233;<sup>1</sup> four</p>"
        "<pre>left out</pre><script>if (a < b) {}</script><ul><li>five<li>six</ul>"
        "<table><tr><td>7</table><br/><div class=\"navheader\">n</div></body></html>");
    store_text("html", "text", "caf\xc3\xa9 &lt;b&gt; <b>bold</b>\n\n  end");
}

static void write_options(void) {
    store_text("options", "env", "env\n--json");
    store_text("options", "keygen", "keygen\n--cost\ninteractive\n--password-file\np\nname");
    store_text("options", "list", "list\n--json\nkernels");
    store_text(
        "options", "report",
        "report\n--format\nmd,tex,csv\n--out\nfolder\n--table=all\n--plot\nx\n--check\na.h5");
    store_text(
        "options", "run",
        "run\n--profile\nsmoke\n--backend\ncpu\n--threads\n1\n--seed\n7\n--set\na=1\n"
        "--dataset\niid:n=9,d=9,queries=9\n--queries\nq\n--out\nx.h5\n--color=never\n--quiet\n"
        "adsampling\n--filter\na.*b\ncrossover");
    store_text("options", "resume", "run\n--resume");
    store_text("options", "seal", "seal\n--key\nk\n--password-file\np\n--\na.h5\nb.h5");
    store_text("options", "selfcheck", "selfcheck\n--filter\nknn/.*|l2_scan\n--out\nx.h5");
    store_text("options", "show", "show\n--json\n--cell\ntoy.00\na.h5");
    store_text("options", "train",
               "train\n--layers\n4,8\n--d-search\n128,64\n--seed\n1,2\n--rate\n1e-3\n--out\np.h5");
    store_text("options", "verify",
               "verify\n--verbose\n--chain\nfolder\n--head\n"
               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n--key\n/nowhere");
}

int main(int argc, char **argv) {
    require(argc == 2, "usage: make_seeds FOLDER");
    folder = argv[1];
    require(mkdir(folder, 0777) == 0 || errno == EEXIST, folder);
    write_idx();
    write_texmex();
    write_npy();
    write_annb();
    store_tree("small", small_tree());
    store_tree("typed", typed_tree());
    store_tree("run", run_tree());
    write_foreign_records();
    write_journal();
    write_report("adsampling", "reports/records/adsampling-full-amd-epyc.h5", 5);
    write_report("crossover", "reports/records/crossover-default-amd-epyc.h5", 6);
    write_model("smollm", "smollm");
    write_model("gpt-2", "gpt-2");
    write_llama();
    write_projections();
    write_trace();
    write_minisign();
    store_text("tokenizer", "words", "ab aab  It's 111 <|end|>!<user> \n\t caf\xc3\xa9 << aaaaa");
    store_text("tokenizer", "broken",
               "a\xc3\xa9 \xc3 \xff\xfe \xf0\x9f\x98\x80 \xed\xa0\x80 <|end|");
    write_specs();
    write_html();
    write_options();
    return 0;
}
