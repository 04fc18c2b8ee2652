/* Signed records and chains of them: every change and every removal is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cli/commands.h"
#include "../seal/minisign.h"
#include "../seal/seal.h"
#include "../seal/seal_sign.h"
#include "sample_record.h"

/* Two keys: ours, and a stranger's. */
static struct minisign_secret *ours, *theirs;
static struct minisign_public our_key, their_key;

static int make_keys(void **state) {
    (void)state;
    ours = minisign_secret_new();
    theirs = minisign_secret_new();
    if (ours == NULL || theirs == NULL)
        return -1;
    minisign_generate(ours);
    minisign_generate(theirs);
    minisign_public_of(ours, &our_key);
    minisign_public_of(theirs, &their_key);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    minisign_secret_free(ours);
    minisign_secret_free(theirs);
    return 0;
}

/* --- helpers -------------------------------------------------------------------------------- */

static char *joined(const char *folder, const char *name) {
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

/* Writes an unsigned sample; records of different seeds differ. */
static void write_record(const char *folder, const char *name, int64_t seed) {
    struct tree *root = sample_run();
    char *path = joined(folder, name);
    assert_true(tree_set_i64(tree_group(root, "plan"), "seed", seed));
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    tree_free(root);
    free(path);
}

/* Signs the named records of a folder in one call. */
static enum status sign(const char *folder, const struct minisign_secret *key, size_t count,
                        const char *const *names) {
    char *paths[8] = {NULL};
    struct seal made[8];
    for (size_t i = 0; i < count; i++)
        paths[i] = joined(folder, names[i]);
    enum status st = seal_signed(paths, count, key, made);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    return st;
}

static void sign_record(const char *folder, const char *name) {
    assert_int_equal(sign(folder, ours, 1, &name), ST_OK);
}

/* a.h5, b.h5, c.h5, signed one after the other. */
static char *chain_of_three(void) {
    char *folder = sample_folder();
    const char *const names[] = {"a.h5", "b.h5", "c.h5"};
    for (int i = 0; i < 3; i++)
        write_record(folder, names[i], i);
    assert_int_equal(sign(folder, ours, 3, names), ST_OK);
    return folder;
}

static enum status read_with(const char *path, const struct minisign_public *key,
                             struct seal *seal) {
    const struct record_trust trust = {
        .keys = key, .key_count = key != NULL ? 1 : 0, .signed_only = key != NULL};
    struct tree *root = NULL;
    enum status st = record_read_trusting(path, &trust, &root, seal);
    assert_true((st == ST_OK) == (root != NULL));
    tree_free(root);
    return st;
}

static void said(const char *part) {
    if (strstr(status_message(), part) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), part);
    assert_null(strpbrk(status_message(), "\x1b\n\r"));
}

static void store_key(const char *folder, const char *name, const struct minisign_public *key) {
    char text[MINISIGN_FILE_MAX];
    sample_store(sample_path(folder, name), text, minisign_public_format(key, text));
}

static void exchange(const char *a, const char *b) {
    assert_int_equal(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE), 0);
}

static size_t files_in(const char *folder) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* --- one record ----------------------------------------------------------------------------- */

static void signed_record_is_read_back(void **state) {
    (void)state;
    char *folder = sample_folder(), id[MINISIGN_ID_HEX];
    const char *path = sample_path(folder, "r.h5");
    write_record(folder, "r.h5", 1);
    struct seal before, after;
    assert_int_equal(read_with(path, NULL, &before), ST_OK);
    assert_false(before.has_signature);
    assert_string_equal(before.key_id, "");
    sign_record(folder, "r.h5");
    assert_int_equal(files_in(folder), 2); /* the unsigned seal is gone */
    assert_int_equal(read_with(path, &our_key, &after), ST_OK);
    minisign_id_text(our_key.id, id);
    assert_true(after.has_signature && after.signature_checked);
    assert_string_equal(after.key_id, id);
    assert_string_equal(after.name, "r.h5");
    assert_int_equal(after.number, 1);
    assert_string_equal(after.previous, "");
    assert_string_equal(after.content_digest, before.content_digest);
    assert_string_equal(after.hdf5_version, before.hdf5_version);
    digest_file(sample_path(folder, "r.h5.minisig"), before.signature_digest);
    assert_string_equal(after.signature_digest, before.signature_digest);
    assert_int_equal(read_with(path, NULL, &after), ST_OK);
    assert_true(after.has_signature && !after.signature_checked);
    sample_remove(folder);
}

static void unsigned_and_foreign_records_fail_with_a_key(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5");
    write_record(folder, "r.h5", 1);
    assert_int_equal(read_with(path, &our_key, NULL), ST_RECORD);
    said("not signed");
    sign_record(folder, "r.h5");
    assert_int_equal(read_with(path, &their_key, NULL), ST_RECORD);
    said("which was not named");
    /* A key that only claims the id. */
    struct minisign_public forged = their_key;
    memcpy(forged.id, our_key.id, sizeof forged.id);
    assert_int_equal(read_with(path, &forged, NULL), ST_RECORD);
    said("did not sign these bytes");
    sample_remove(folder);
}

/* Of several keys the one with the signature's id counts. */
static void several_keys(void **state) {
    (void)state;
    char *folder = sample_folder();
    const struct minisign_public keys[] = {their_key, our_key};
    const struct record_trust trust = {.keys = keys, .key_count = 2, .signed_only = true};
    struct tree *root = NULL;
    write_record(folder, "r.h5", 1);
    sign_record(folder, "r.h5");
    assert_int_equal(record_read_trusting(sample_path(folder, "r.h5"), &trust, &root, NULL), ST_OK);
    tree_free(root);
    sample_remove(folder);
}

/* Each bit of each byte turned over, and each byte replaced by another value. */
static void every_change(const char *record, const char *file) {
    size_t size;
    char *bytes = sample_load(file, &size);
    int fd = open(file, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++) {
        for (int turn = 0; turn < 9; turn++) {
            char changed = (char)(turn < 8 ? bytes[i] ^ (1 << turn) : bytes[i] + 85);
            assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
            if (read_with(record, &our_key, NULL) != ST_RECORD)
                fail_msg("%s: byte %zu of %zu, change %d unnoticed", file, i, size, turn);
        }
        assert_int_equal(pwrite(fd, bytes + i, 1, (off_t)i), 1);
    }
    close(fd);
    assert_int_equal(read_with(record, &our_key, NULL), ST_OK);
    free(bytes);
}

/* Each shorter length, and a byte more. */
static void every_length(const char *record, const char *file) {
    size_t size;
    char *bytes = sample_load(file, &size);
    for (size_t i = size; i-- > 0;) {
        assert_int_equal(truncate(file, (off_t)i), 0);
        if (read_with(record, &our_key, NULL) != ST_RECORD)
            fail_msg("%s: cut to %zu of %zu bytes unnoticed", file, i, size);
    }
    const char tails[] = {'\0', '\n', ' ', 'A', '='};
    for (size_t i = 0; i < sizeof tails; i++) {
        bytes[size] = tails[i];
        sample_store(file, bytes, size + 1);
        assert_int_equal(read_with(record, &our_key, NULL), ST_RECORD);
    }
    sample_store(file, bytes, size);
    assert_int_equal(read_with(record, &our_key, NULL), ST_OK);
    free(bytes);
}

/* A small signed record whose HDF5 file is as small as they come. */
static char *small_signed(void) {
    char *folder = sample_folder();
    struct tree *root = sample_small();
    assert_int_equal(record_write(root, sample_path(folder, "r.h5"), NULL), ST_OK);
    tree_free(root);
    sign_record(folder, "r.h5");
    return folder;
}

static void every_change_of_a_record_is_noticed(void **state) {
    (void)state;
    char *folder = small_signed(), *path = joined(folder, "r.h5");
    every_change(path, path);
    free(path);
    sample_remove(folder);
}

static void every_change_of_a_signature_is_noticed(void **state) {
    (void)state;
    char *folder = small_signed(), *path = joined(folder, "r.h5");
    every_change(path, sample_path(folder, "r.h5.minisig"));
    free(path);
    sample_remove(folder);
}

static void every_length_is_noticed(void **state) {
    (void)state;
    char *folder = small_signed(), *path = joined(folder, "r.h5");
    every_length(path, path);
    every_length(path, sample_path(folder, "r.h5.minisig"));
    free(path);
    sample_remove(folder);
}

/* --- the trusted comment -------------------------------------------------------------------- */

static struct seal sample_seal(void) {
    struct seal s = {.size = 4096, .number = 2};
    digest_hex("f", 1, s.file_digest);
    digest_hex("c", 1, s.content_digest);
    digest_hex("p", 1, s.plan_digest);
    digest_hex("o", 1, s.outputs_digest);
    digest_hex("m", 1, s.measurements_digest);
    digest_hex("v", 1, s.previous);
    strcpy(s.name, "r-1.h5");
    strcpy(s.suite_commit, "0123456789abcdef0123456789abcdef01234567-dirty");
    strcpy(s.started, "2026-01-02T03:04:05Z");
    strcpy(s.hdf5_version, "1.10.8");
    return s;
}

static void comment_round_trip(void **state) {
    (void)state;
    struct seal wrote = sample_seal(), found;
    char text[MINISIGN_TRUSTED];
    assert_int_equal(seal_comment_format(&wrote, "x", text), ST_OK);
    assert_true(seal_comment_is_ours(text));
    assert_int_equal(seal_comment_parse(text, "x", &found), ST_OK);
    assert_memory_equal(&wrote, &found, sizeof wrote);
    wrote.number = 1;
    wrote.previous[0] = '\0';
    assert_int_equal(seal_comment_format(&wrote, "x", text), ST_OK);
    assert_non_null(strstr(text, " number=1 previous=none "));
    assert_int_equal(seal_comment_parse(text, "x", &found), ST_OK);
    assert_string_equal(found.previous, "");
}

/* Parses a comment in which `from` is replaced by `to`; the refusal must say `why`. */
static void refused(const char *from, const char *to, const char *why) {
    struct seal seal = sample_seal();
    char text[MINISIGN_TRUSTED], edited[2 * MINISIGN_TRUSTED];
    assert_int_equal(seal_comment_format(&seal, "x", text), ST_OK);
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_int_equal(seal_comment_parse(edited, "x\x1b", &seal), ST_RECORD);
    said(why);
}

static void malformed_comments_are_refused(void **state) {
    (void)state;
    refused("attest-seal-2 ", "attest-seal-3 ", "not the trusted comment of a seal");
    refused(" size=4096", "", "field 5: content is out of order; expected size");
    refused(" size=4096", " size=4096 size=4096", "field 6: size is repeated; expected content");
    refused(" size=4096", " zone=1", "field 5: unknown key; expected size");
    refused(" size=4096", " zone=1 size=4096", "field 5: unknown key; expected size");
    refused("number=2 ", "size=2 ", "field 2: size is out of order");
    refused("size=4096", "size=04096", "malformed size");
    refused("size=4096", "size=+4096", "malformed size");
    refused("size=4096", "size=", "malformed size");
    refused("size=4096", "size4096", "unknown key; expected size");
    refused("size=4096 ", "size=4096  ", "field 6 (content) is missing");
    refused("size=4096 ", "size=4096\t", "malformed size");
    refused("number=2", "number=0", "number 0 with");
    refused("number=2", "number=1", "number 1 with previous=");
    refused("r-1.h5", "none", "does not end in .h5");
    refused("r-1.h5", ".h5", "does not end in .h5");
    refused("r-1.h5", "a/r-1.h5", "malformed name");
    refused("r-1.h5", "", "malformed name");
    refused("hdf5=1.10.8", "hdf5=1.10.8 ", "more after its last field");
    refused("hdf5=1.10.8", "hdf5=1.10.8 tail=1", "more after its last field");
    refused(" hdf5=1.10.8", "", "field 12 (hdf5) is missing");
    refused(" hdf5=1.10.8", " ", "field 12 (hdf5) is missing");
    struct seal seal = sample_seal();
    char long_name[700];
    memset(long_name, 'x', sizeof long_name);
    long_name[300] = '\0';
    refused("r-1.h5", long_name, "malformed name");
    long_name[300] = 'x';
    long_name[699] = '\0';
    refused("r-1.h5", long_name, "field 1 (name) is too long");
    refused(seal.previous, "NONE", "malformed previous");
    refused(seal.previous, "none", "number 2 with previous=none");
    seal.outputs_digest[63] = '\0';
    refused(seal.outputs_digest, "A", "malformed outputs");
}

/* Names that do not fit the comment are refused before anything is signed. */
static void unfit_names_are_not_signed(void **state) {
    (void)state;
    char *folder = sample_folder();
    static const char *const names[] = {"a b.h5", "r.hdf5", "\xc3\xa4.h5", "new\nline.h5"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        write_record(folder, names[i], 1);
        assert_int_equal(sign(folder, ours, 1, &names[i]), ST_INPUT);
        said("a signed record is named in its seal");
        assert_int_equal(files_in(folder), 2 * (i + 1));
    }
    sample_remove(folder);
}

/* Signs a record with any comments, as the stock tool or a forger would. */
static void sign_with(const char *folder, const struct minisign_secret *key, const char *untrusted,
                      const char *trusted) {
    size_t size;
    struct minisign_signature s;
    unsigned char hash[MINISIGN_HASH_BYTES];
    char *bytes = sample_load(sample_path(folder, "r.h5"), &size), text[MINISIGN_FILE_MAX];
    minisign_hash(bytes, size, hash);
    minisign_sign(key, hash, untrusted, trusted, &s);
    sample_store(sample_path(folder, "r.h5.minisig"), text, minisign_signature_format(&s, text));
    free(bytes);
}

/* Whoever holds the key may write any comment: ours must then be right in every part. */
static void well_signed_nonsense_is_refused(void **state) {
    (void)state;
    char *folder = sample_folder(), trusted[MINISIGN_TRUSTED], untrusted[MINISIGN_COMMENT];
    char *path = joined(folder, "r.h5");
    write_record(folder, "r.h5", 1);
    sign_record(folder, "r.h5");
    struct seal seal;
    assert_int_equal(read_with(path, &our_key, &seal), ST_OK);
    seal_untrusted(seal.key_id, untrusted);
    assert_int_equal(seal_comment_format(&seal, "x", trusted), ST_OK);
    sign_with(folder, ours, untrusted, trusted);
    assert_int_equal(read_with(path, &our_key, NULL), ST_OK);
    sign_with(folder, ours, "another", trusted);
    assert_int_equal(read_with(path, &our_key, NULL), ST_RECORD);
    said("untrusted comment");
    assert_int_equal(read_with(path, NULL, NULL), ST_RECORD);
    for (int field = 0; field < 7; field++) {
        struct seal bad = seal;
        char *const fields[] = {bad.content_digest, bad.plan_digest, bad.outputs_digest,
                                bad.file_digest,    bad.started,     bad.measurements_digest,
                                bad.suite_commit};
        fields[field][0] = fields[field][0] == '1' ? '2' : '1';
        assert_int_equal(seal_comment_format(&bad, "x", trusted), ST_OK);
        sign_with(folder, ours, untrusted, trusted);
        assert_int_equal(read_with(path, &our_key, NULL), ST_RECORD);
        assert_int_equal(read_with(path, NULL, NULL), ST_RECORD);
    }
    free(path);
    sample_remove(folder);
}

/* --- the stock tool's signatures ------------------------------------------------------------ */

static void stock_signatures(void **state) {
    (void)state;
    char *folder = sample_folder();
    char *path = joined(folder, "r.h5"), *text = joined(folder, "r.h5.seal");
    write_record(folder, "r.h5", 1);
    struct seal before, after;
    assert_int_equal(read_with(path, NULL, &before), ST_OK);
    sign_with(folder, ours, "signature from minisign secret key", "timestamp:1\tfile:r.h5\thashed");
    assert_int_equal(read_with(path, NULL, &after), ST_OK); /* against the seal beside it */
    assert_int_equal(read_with(path, &our_key, &after), ST_OK);
    assert_true(after.signature_checked);
    assert_int_equal(after.number, 0);
    assert_string_equal(after.outputs_digest, before.outputs_digest);
    assert_int_equal(read_with(path, &their_key, NULL), ST_RECORD);
    assert_int_equal(unlink(text), 0);
    assert_int_equal(read_with(path, &our_key, &after), ST_OK); /* digests of the content */
    assert_string_equal(after.outputs_digest, before.outputs_digest);
    assert_string_equal(after.file_digest, before.file_digest);
    assert_string_equal(after.hdf5_version, "unknown");
    /* Nothing that can be checked vouches for these bytes: HDF5 does not see them. */
    assert_int_equal(read_with(path, NULL, NULL), ST_RECORD);
    said("states no digests: name the public key");
    assert_int_equal(truncate(path, 1000), 0);
    assert_int_equal(read_with(path, &our_key, NULL), ST_RECORD);
    said("did not sign these bytes");
    free(path);
    free(text);
    sample_remove(folder);
}

/* --- attest seal ---------------------------------------------------------------------------- */

static void changed_records_are_never_sealed(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5"), *name = "r.h5";
    struct seal made;
    write_record(folder, "r.h5", 1);
    assert_int_equal(truncate(path, 2000), 0);
    assert_int_equal(sign(folder, ours, 1, &name), ST_RECORD);
    said("changed since it was sealed");
    assert_int_equal(seal_unsigned(path, &made), ST_RECORD);
    assert_int_equal(unlink(sample_path(folder, "r.h5.seal")), 0);
    assert_int_equal(sign(folder, ours, 1, &name), ST_RECORD); /* strict decoding */
    assert_int_equal(seal_unsigned(path, &made), ST_RECORD);
    assert_int_equal(files_in(folder), 1);
    sample_remove(folder);
}

static void records_without_a_seal_can_be_sealed(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5"), *text = sample_path(folder, "r.h5.seal");
    struct seal before, made, after;
    write_record(folder, "r.h5", 1);
    assert_int_equal(read_with(path, NULL, &before), ST_OK);
    assert_int_equal(unlink(text), 0);
    assert_int_equal(read_with(path, NULL, NULL), ST_RECORD);
    assert_int_equal(seal_unsigned(path, &made), ST_OK);
    assert_int_equal(read_with(path, NULL, &after), ST_OK);
    assert_memory_equal(&made, &after, sizeof made);
    assert_string_equal(after.content_digest, before.content_digest);
    assert_int_equal(unlink(text), 0);
    sign_record(folder, "r.h5");
    assert_int_equal(read_with(path, &our_key, NULL), ST_OK);
    sample_remove(folder);
}

static void signatures_are_not_replaced_by_less(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5"), *name = "r.h5";
    struct seal made;
    write_record(folder, "r.h5", 1);
    sign_record(folder, "r.h5");
    assert_int_equal(seal_unsigned(path, &made), ST_INPUT);
    said("signed by key");
    struct tree *root = sample_run();
    assert_int_equal(record_write(root, path, NULL), ST_INPUT); /* nor by another run */
    said("not to be overwritten");
    tree_free(root);
    assert_int_equal(sign(folder, theirs, 1, &name), ST_RECORD); /* cannot be checked */
    said("which was not named");
    assert_int_equal(read_with(path, &our_key, NULL), ST_OK);
    assert_int_equal(files_in(folder), 2);
    sample_remove(folder);
}

/* A crash after the signature is in place and before the seal is gone. */
static void both_seals_after_a_crash(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5"), *text = sample_path(folder, "r.h5.seal");
    size_t size;
    write_record(folder, "r.h5", 1);
    char *seal = sample_load(text, &size);
    sign_record(folder, "r.h5");
    sample_store(text, seal, size);
    assert_int_equal(read_with(path, &our_key, NULL), ST_OK);
    assert_int_equal(read_with(path, NULL, NULL), ST_OK);
    sign_record(folder, "r.h5"); /* once more clears up */
    assert_int_equal(files_in(folder), 2);
    free(seal);
    sample_remove(folder);
}

static void unfit_lists_of_records(void **state) {
    (void)state;
    char *folder = sample_folder(), *other = sample_folder();
    write_record(folder, "a.h5", 1);
    write_record(other, "b.h5", 2);
    const char *const twice[] = {"a.h5", "./a.h5"};
    assert_int_equal(sign(folder, ours, 2, twice), ST_INPUT);
    said("named twice");
    struct seal made[2];
    char *const paths[] = {joined(folder, "a.h5"), joined(other, "b.h5")};
    assert_int_equal(seal_signed(paths, 2, ours, made), ST_INPUT);
    said("in another folder than the first");
    free(paths[0]);
    free(paths[1]);
    /* One bad record: none is signed. */
    const char *const missing[] = {"a.h5", "c.h5"};
    assert_int_equal(sign(folder, ours, 2, missing), ST_INPUT);
    assert_int_equal(files_in(folder), 2);
    sample_remove(folder);
    sample_remove(other);
}

/* --- chains --------------------------------------------------------------------------------- */

static int verify(int argc, char **argv) { return (int)cmd_verify(argc, argv); }

/* attest verify --chain with our key; its output must hold `part`. */
static void chain_says(const char *folder, const char *head, enum status expected,
                       const char *part) {
    char *output, *key = joined(folder, "k.pub");
    store_key(folder, "k.pub", &our_key);
    char *argv[] = {"verify",     "--chain", (char *)folder,
                    "--key",      key,       head != NULL ? "--head" : NULL,
                    (char *)head, NULL};
    int st = sample_command(verify, argv, &output);
    if (st != (int)expected || strstr(output, part) == NULL)
        fail_msg("status %d, '%s' lacks '%s'; %s", st, output, part, status_message());
    assert_null(strpbrk(output, "\x1b\r"));
    free(output);
    free(key);
}

/* The digest of the last of a.h5, b.h5, c.h5. */
static void head_of(const char *folder, const char *name, char head[DIGEST_HEX]) {
    struct seal seal;
    assert_int_equal(read_with(sample_path(folder, name), &our_key, &seal), ST_OK);
    memcpy(head, seal.signature_digest, DIGEST_HEX);
}

static void remove_record(const char *folder, const char *name) {
    char *path = joined(folder, name), *signature;
    assert_true(asprintf(&signature, "%s.minisig", path) > 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(signature), 0);
    free(path);
    free(signature);
}

static void move_record(const char *folder, const char *from, const char *to) {
    char *a = joined(folder, from), *b = joined(folder, to), *a_signature, *b_signature;
    assert_true(asprintf(&a_signature, "%s.minisig", a) > 0);
    assert_true(asprintf(&b_signature, "%s.minisig", b) > 0);
    assert_int_equal(rename(a, b), 0);
    assert_int_equal(rename(a_signature, b_signature), 0);
    free(a);
    free(b);
    free(a_signature);
    free(b_signature);
}

static void whole_chain(void **state) {
    (void)state;
    char *folder = chain_of_three(), head[DIGEST_HEX], line[3 * DIGEST_HEX];
    head_of(folder, "c.h5", head);
    snprintf(line, sizeof line, "   3  %s  c.h5\nhead  %s\n", head, head);
    chain_says(folder, NULL, ST_OK, line);
    chain_says(folder, head, ST_OK, line);
    /* Added one by one, it goes on. */
    write_record(folder, "0.h5", 9);
    sign_record(folder, "0.h5");
    chain_says(folder, NULL, ST_OK, "  c.h5\n   4  ");
    chain_says(folder, head, ST_RECORD, "head  ");
    said("the head noted is number 3, and 1 records follow it");
    sample_remove(folder);
}

static void removed_records(void **state) {
    (void)state;
    char *folder = chain_of_three(), head[DIGEST_HEX];
    remove_record(folder, "a.h5");
    chain_says(folder, NULL, ST_RECORD, "FAILED number 1 is missing before b.h5 (number 2)");
    said("the chain is broken: 1 faults");
    remove_record(folder, "b.h5");
    chain_says(folder, NULL, ST_RECORD, "FAILED numbers 1 to 2 are missing before c.h5");
    remove_record(folder, "c.h5");
    chain_says(folder, NULL, ST_RECORD, "");
    said("no record (*.h5) in this folder");
    sample_remove(folder);

    folder = chain_of_three();
    remove_record(folder, "b.h5");
    chain_says(folder, NULL, ST_RECORD, "FAILED number 2 is missing before c.h5 (number 3)");
    sample_remove(folder);

    folder = chain_of_three();
    head_of(folder, "c.h5", head);
    remove_record(folder, "c.h5");
    chain_says(folder, NULL, ST_OK, "head  "); /* the rest cannot know */
    chain_says(folder, head, ST_RECORD, "head  ");
    said("the head noted is not in this chain");
    sample_remove(folder);

    folder = chain_of_three();
    assert_int_equal(unlink(sample_path(folder, "b.h5")), 0); /* its signature stays */
    chain_says(folder, NULL, ST_RECORD, "b.h5: cannot open");
    sample_remove(folder);

    folder = chain_of_three();
    assert_int_equal(unlink(sample_path(folder, "b.h5.minisig")), 0); /* the record stays */
    chain_says(folder, NULL, ST_RECORD, "b.h5: not signed");
    sample_remove(folder);
}

static void renamed_records(void **state) {
    (void)state;
    char *folder = chain_of_three();
    move_record(folder, "b.h5", "d.h5");
    chain_says(folder, NULL, ST_RECORD, "FAILED d.h5: sealed as b.h5: renamed or copied");
    said("1 faults");
    sample_remove(folder);

    folder = chain_of_three();
    exchange(sample_path(folder, "a.h5"), sample_path(folder, "b.h5"));
    chain_says(folder, NULL, ST_RECORD, "a.h5: its bytes do not match its seal");
    sample_remove(folder);
}

static void reordered_records(void **state) {
    (void)state;
    char *folder = chain_of_three();
    exchange(sample_path(folder, "a.h5"), sample_path(folder, "b.h5"));
    exchange(sample_path(folder, "a.h5.minisig"), sample_path(folder, "b.h5.minisig"));
    chain_says(folder, NULL, ST_RECORD,
               "FAILED b.h5: sealed as a.h5: renamed or copied\n"
               "FAILED a.h5: sealed as b.h5: renamed or copied\n");
    sample_remove(folder);
}

static void copied_records(void **state) {
    (void)state;
    char *folder = chain_of_three();
    static const char *const ends[] = {"h5", "h5.minisig"};
    for (int i = 0; i < 2; i++) {
        char from[16], to[16];
        size_t size;
        snprintf(from, sizeof from, "b.%s", ends[i]);
        snprintf(to, sizeof to, "d.%s", ends[i]);
        char *bytes = sample_load(sample_path(folder, from), &size);
        sample_store(sample_path(folder, to), bytes, size);
        free(bytes);
    }
    chain_says(folder, NULL, ST_RECORD,
               "FAILED d.h5: sealed as b.h5: renamed or copied\n"
               "FAILED d.h5: the seal of b.h5 once more: a copy\n");
    sample_remove(folder);
}

/* Two histories after a.h5: made apart, then put together. */
static void forked_chain(void **state) {
    (void)state;
    char *folder = chain_of_three(), *aside = sample_folder();
    static const char *const kept[] = {"b.h5", "b.h5.minisig", "c.h5", "c.h5.minisig"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(rename(sample_path(folder, kept[i]), sample_path(aside, kept[i])), 0);
    write_record(folder, "d.h5", 9);
    sign_record(folder, "d.h5");
    chain_says(folder, NULL, ST_OK, "  d.h5\nhead");
    for (int i = 0; i < 4; i++)
        assert_int_equal(rename(sample_path(aside, kept[i]), sample_path(folder, kept[i])), 0);
    chain_says(folder, NULL, ST_RECORD, "FAILED d.h5: number 2 like b.h5: the chain forks");
    /* d.h5 alone in the place of b.h5. */
    remove_record(folder, "b.h5");
    chain_says(folder, NULL, ST_RECORD, "FAILED c.h5: number 3 follows seal ");
    said("1 faults");
    sample_remove(aside);
    sample_remove(folder);
}

static void foreign_and_unsigned_records(void **state) {
    (void)state;
    char *folder = chain_of_three();
    write_record(folder, "d.h5", 9);
    chain_says(folder, NULL, ST_RECORD, "d.h5: not signed");
    const char *name = "d.h5";
    assert_int_equal(sign(folder, theirs, 1, &name), ST_OK);
    chain_says(folder, NULL, ST_RECORD, "which was not named");
    remove_record(folder, "d.h5");
    chain_says(folder, NULL, ST_OK, "  c.h5\nhead");
    write_record(folder, "r.h5", 10);
    sign_with(folder, ours, "signature from minisign secret key", "timestamp:1");
    chain_says(folder, NULL, ST_RECORD, "r.h5: no place in the chain: signed with the stock tool");
    sample_remove(folder);
}

/* Two signers share a folder: both keys are named. */
static void two_signers(void **state) {
    (void)state;
    char *folder = chain_of_three(), *output;
    const char *name = "d.h5";
    write_record(folder, "d.h5", 9);
    assert_int_equal(sign(folder, theirs, 1, &name), ST_OK);
    store_key(folder, "ours.pub", &our_key);
    store_key(folder, "theirs.pub", &their_key);
    char *a = joined(folder, "ours.pub"), *b = joined(folder, "theirs.pub");
    char *argv[] = {"verify", "--chain", folder, "--key", a, "--key", b, NULL};
    assert_int_equal(sample_command(verify, argv, &output), ST_OK);
    assert_non_null(strstr(output, "   4  "));
    free(output);
    char *again[] = {"verify", "--chain", folder, "--key", a, "--key", a, NULL};
    assert_int_equal(sample_command(verify, again, &output), ST_USAGE);
    free(output);
    free(a);
    free(b);
    sample_remove(folder);
}

static void resealing(void **state) {
    (void)state;
    char *folder = chain_of_three();
    const char *const middle[] = {"b.h5"}, *const tail[] = {"b.h5", "c.h5"},
                      *const turned[] = {"c.h5", "b.h5", "a.h5"}, *const last[] = {"c.h5"};
    assert_int_equal(sign(folder, ours, 1, middle), ST_INPUT);
    said("b.h5: c.h5 links to its seal");
    chain_says(folder, NULL, ST_OK, "  c.h5\nhead");
    assert_int_equal(sign(folder, ours, 1, last), ST_OK);
    assert_int_equal(sign(folder, ours, 2, tail), ST_OK);
    chain_says(folder, NULL, ST_OK, "  c.h5\nhead");
    assert_int_equal(sign(folder, ours, 3, turned), ST_OK);
    chain_says(folder, NULL, ST_OK, "  a.h5\nhead");
    /* A chain with a hole is not gone on with. */
    remove_record(folder, "b.h5");
    write_record(folder, "d.h5", 9);
    const char *name = "d.h5";
    assert_int_equal(sign(folder, ours, 1, &name), ST_RECORD);
    said("the folder's chain is broken: number 2 is missing");
    const char *const all[] = {"c.h5", "a.h5", "d.h5"};
    assert_int_equal(sign(folder, ours, 3, all), ST_OK);
    chain_says(folder, NULL, ST_OK, "  d.h5\nhead");
    sample_remove(folder);
}

/* Nothing is linked to a seal that our own key did not make. */
static void forged_heads_are_not_linked_to(void **state) {
    (void)state;
    char *folder = chain_of_three();
    const char *path = sample_path(folder, "c.h5.minisig");
    size_t size;
    char *text = sample_load(path, &size);
    char *commit = strstr(text, "commit=") + 7;
    *commit = *commit == '0' ? '1' : '0';
    sample_store(path, text, size);
    free(text);
    write_record(folder, "d.h5", 9);
    const char *name = "d.h5";
    assert_int_equal(sign(folder, ours, 1, &name), ST_RECORD);
    said("forged");
    sample_remove(folder);
}

/* --- what the commands say ------------------------------------------------------------------ */

static void verify_tells_whether_it_checked(void **state) {
    (void)state;
    char *folder = small_signed(), *output;
    write_record(folder, "plain.h5", 1);
    write_record(folder, "s.h5", 2);
    sign_record(folder, "s.h5");
    store_key(folder, "k.pub", &our_key);
    store_key(folder, "other.pub", &their_key);
    char *record = joined(folder, "s.h5"), *plain = joined(folder, "plain.h5");
    char *key = joined(folder, "k.pub"), *other = joined(folder, "other.pub");

    char *without[] = {"verify", record, NULL};
    assert_int_equal(sample_command(verify, without, &output), ST_OK);
    assert_non_null(strstr(output, ", signature NOT CHECKED: name the key with --key\n"));
    free(output);
    char *with[] = {"verify", "--verbose", "--key", key, record, NULL};
    assert_int_equal(sample_command(verify, with, &output), ST_OK);
    assert_non_null(strstr(output, "s.h5: ok, SIGNED by key "));
    assert_null(strstr(output, "NOT CHECKED"));
    assert_non_null(strstr(output, "  number        2\n"));
    free(output);
    char *wrong[] = {"verify", "--key", other, record, NULL};
    assert_int_equal(sample_command(verify, wrong, &output), ST_RECORD);
    assert_string_equal(output, "");
    free(output);
    char *both[] = {"verify", "--key", key, record, plain, NULL};
    assert_int_equal(sample_command(verify, both, &output), ST_RECORD);
    assert_non_null(strstr(output, "plain.h5: not signed"));
    said("1 of 2 records failed");
    free(output);
    free(record);
    free(plain);
    free(key);
    free(other);
    sample_remove(folder);
}

static int show(int argc, char **argv) { return (int)cmd_show(argc, argv); }

static void show_never_says_verified(void **state) {
    (void)state;
    char *folder = chain_of_three(), *output, *path = joined(folder, "b.h5");
    char id[MINISIGN_ID_HEX], head[DIGEST_HEX], part[DIGEST_HEX + 32];
    minisign_id_text(our_key.id, id);
    head_of(folder, "a.h5", head);
    char *json[] = {"show", "--json", path, NULL};
    assert_int_equal(sample_command(show, json, &output), ST_OK);
    snprintf(part, sizeof part, "\"key_id\": \"%s\"", id);
    assert_non_null(strstr(output, part));
    snprintf(part, sizeof part, "\"previous\": \"%s\"", head);
    assert_non_null(strstr(output, part));
    assert_non_null(strstr(output, "\"signed\": true"));
    assert_non_null(strstr(output, "\"chain_number\": 2"));
    free(output);
    char *text[] = {"show", path, NULL};
    assert_int_equal(sample_command(show, text, &output), ST_OK);
    assert_non_null(strstr(output, "signature NOT CHECKED"));
    assert_non_null(strstr(output, id));
    assert_null(strstr(output, "erified"));
    free(output);
    free(path);
    sample_remove(folder);
}

static void options_that_do_not_fit(void **state) {
    (void)state;
    char *folder = chain_of_three(), *output, *key = joined(folder, "k.pub");
    char *record = joined(folder, "a.h5"), zeros[DIGEST_HEX];
    memset(zeros, '0', sizeof zeros);
    zeros[DIGEST_HEX - 1] = '\0';
    store_key(folder, "k.pub", &our_key);
    char *const cases[][8] = {
        {"verify", "--chain", folder, NULL},
        {"verify", "--head", zeros, "--key", key, record, NULL},
        {"verify", "--chain", folder, "--key", key, record, NULL},
        {"verify", "--chain", folder, "--key", key, "--head", "00", NULL},
        {"verify", "--key", key, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sample_command(verify, cases[i], &output), ST_USAGE);
        assert_string_equal(output, "");
        free(output);
    }
    char *no_key[] = {"verify", "--key", record, record, NULL};
    assert_int_equal(sample_command(verify, no_key, &output), ST_INPUT);
    free(output);
    free(key);
    free(record);
    sample_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_record_is_read_back),
        cmocka_unit_test(unsigned_and_foreign_records_fail_with_a_key),
        cmocka_unit_test(several_keys),
        cmocka_unit_test(every_change_of_a_record_is_noticed),
        cmocka_unit_test(every_change_of_a_signature_is_noticed),
        cmocka_unit_test(every_length_is_noticed),
        cmocka_unit_test(comment_round_trip),
        cmocka_unit_test(malformed_comments_are_refused),
        cmocka_unit_test(unfit_names_are_not_signed),
        cmocka_unit_test(well_signed_nonsense_is_refused),
        cmocka_unit_test(stock_signatures),
        cmocka_unit_test(changed_records_are_never_sealed),
        cmocka_unit_test(records_without_a_seal_can_be_sealed),
        cmocka_unit_test(signatures_are_not_replaced_by_less),
        cmocka_unit_test(both_seals_after_a_crash),
        cmocka_unit_test(unfit_lists_of_records),
        cmocka_unit_test(whole_chain),
        cmocka_unit_test(removed_records),
        cmocka_unit_test(renamed_records),
        cmocka_unit_test(reordered_records),
        cmocka_unit_test(copied_records),
        cmocka_unit_test(forked_chain),
        cmocka_unit_test(foreign_and_unsigned_records),
        cmocka_unit_test(two_signers),
        cmocka_unit_test(resealing),
        cmocka_unit_test(forged_heads_are_not_linked_to),
        cmocka_unit_test(verify_tells_whether_it_checked),
        cmocka_unit_test(show_never_says_verified),
        cmocka_unit_test(options_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
