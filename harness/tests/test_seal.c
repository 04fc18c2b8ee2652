/* Seals and sealed files: every accident to either is noticed. */
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
#include "../seal/seal.h"
#include "sample_record.h"

/* --- the text ------------------------------------------------------------------------------- */

static struct seal sample_seal(void) {
    struct seal s = {.size = 4096};
    digest_hex("f", 1, s.file_digest);
    digest_hex("c", 1, s.content_digest);
    digest_hex("p", 1, s.plan_digest);
    digest_hex("o", 1, s.outputs_digest);
    digest_hex("m", 1, s.measurements_digest);
    strcpy(s.suite_commit, "0123456789abcdef0123456789abcdef01234567-dirty");
    strcpy(s.started, "2026-01-02T03:04:05Z");
    strcpy(s.hdf5_version, "1.10.8");
    return s;
}

static void seal_text_round_trip(void **state) {
    (void)state;
    struct seal said = sample_seal(), found;
    char text[SEAL_MAX_BYTES];
    size_t size = seal_format(&said, text);
    assert_int_equal(size, strlen(text));
    assert_int_equal(seal_parse(text, size, "x.seal", &found), ST_OK);
    assert_memory_equal(&said, &found, sizeof said);
    assert_non_null(strstr(text, "note: UNSIGNED: detects accidents, not forgery\n"));
}

static void seal_keys_are_sorted(void **state) {
    (void)state;
    struct seal said = sample_seal();
    char text[SEAL_MAX_BYTES], *rest = NULL, last[256] = "";
    seal_format(&said, text);
    size_t lines = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(strcmp(last, line) < 0);
        snprintf(last, sizeof last, "%s", line);
        lines++;
    }
    assert_int_equal(lines, 11);
}

/* Parses a valid seal in which `from` is replaced by `to`; the refusal must say `said`. */
static void refused(const char *from, const char *to, const char *said) {
    struct seal seal = sample_seal();
    char text[SEAL_MAX_BYTES], edited[2 * SEAL_MAX_BYTES];
    seal_format(&seal, text);
    const char *at = strstr(text, from);
    assert_non_null(at);
    int size =
        snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_int_equal(seal_parse(edited, (size_t)size, "x\x1b.seal", &seal), ST_RECORD);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
    assert_null(strpbrk(status_message(), "\x1b\n\r"));
}

static void malformed_seals_are_refused(void **state) {
    (void)state;
    refused("size: 4096\n", "", "started is out of order; expected size");
    refused("size: 4096\n", "size: 4096\nsize: 4096\n", "size is repeated");
    refused("size: 4096\n", "sizes: 4096\n", "unknown key; expected size");
    refused("size: 4096\n", "zone: 1\nsize: 4096\n", "unknown key; expected size");
    refused("plan_digest", "size", "size is out of order");
    refused("size: 4096", "size: 04096", "malformed size");
    refused("size: 4096", "size: -1", "malformed size");
    refused("size: 4096", "size: 0x10", "malformed size");
    refused("size: 4096", "size: 99999999999999999999", "malformed size");
    refused("size: 4096", "size:4096", "malformed size");
    refused("size: 4096", "size: ", "malformed size");
    refused("size: 4096", "size: 4096 ", "malformed size");
    refused("size: 4096\n", "size: 4096\r\n", "holds byte 0x0d");
    refused("1.10.8", "1.10\x1b[2K", "holds byte 0x1b");
    refused("1.10.8", "1.10.8.1.10.8.1.10.8", "malformed hdf5");
    refused("UNSIGNED", "SIGNED", "malformed note");
    refused("attest-seal-1", "attest-seal-2", "malformed format");
    refused("-dirty\n", "-dirty", "ends before its line 11");
    refused("-dirty\n", "-dirty\n\n", "1 bytes after the seal");
    refused("-dirty\n", "-dirty\ntail: 1\n", "8 bytes after the seal");
    char digest[DIGEST_HEX], upper[DIGEST_HEX], longer[DIGEST_HEX + 1];
    digest_hex("o", 1, digest);
    for (size_t i = 0; i < sizeof upper; i++)
        upper[i] = (char)(digest[i] >= 'a' ? digest[i] - 32 : digest[i]);
    refused(digest, upper, "malformed outputs_digest");
    snprintf(longer, sizeof longer, "%s0", digest);
    refused(digest, longer, "malformed outputs_digest");
    longer[63] = '\0';
    refused(digest, longer, "malformed outputs_digest");
    char *huge = malloc(3000);
    memset(huge, 'x', 2999);
    huge[2999] = '\0';
    refused("2026-01-02T03:04:05Z", huge, "line 10 is too long");
    free(huge);
    struct seal seal;
    assert_int_equal(seal_parse("", 0, "x.seal", &seal), ST_RECORD);
}

/* --- sealed files --------------------------------------------------------------------------- */

/* Writes a sample record into the folder; its path is borrowed as sample_path's. */
static const char *write_sample(const char *folder, const char *name, struct tree *root) {
    const char *path = sample_path(folder, name);
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    tree_free(root);
    return path;
}

static enum status read_back(const char *path) {
    struct tree *root = NULL;
    enum status st = record_read(path, &root, NULL);
    assert_true((st == ST_OK) == (root != NULL));
    tree_free(root);
    return st;
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

static void written_record_is_read_back(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5");
    struct tree *root = sample_run(), *back = NULL;
    struct seal written, read;
    assert_int_equal(record_write(root, path, &written), ST_OK);
    assert_int_equal(record_read(path, &back, &read), ST_OK);
    assert_memory_equal(&written, &read, sizeof written);
    char digest[DIGEST_HEX];
    tree_digest(back, digest);
    assert_string_equal(digest, read.content_digest);
    tree_digest(tree_find(root, "plan"), digest);
    assert_string_equal(digest, read.plan_digest);
    digest_file(path, digest);
    assert_string_equal(digest, read.file_digest);
    assert_string_equal(read.suite_commit, "0123abcd-dirty");
    assert_string_equal(read.started, "2026-01-02T03:04:05Z");
    assert_int_equal(files_in(folder), 2);
    tree_free(root);
    tree_free(back);
    sample_remove(folder);
}

static void a_record_can_be_replaced(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_run());
    write_sample(folder, "r.h5", sample_small());
    assert_int_equal(read_back(path), ST_OK);
    assert_int_equal(files_in(folder), 2);
    sample_remove(folder);
}

/* Every one-bit change of every byte of a small record. */
static void every_changed_byte_of_a_record_is_noticed(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_small());
    size_t size;
    char *bytes = sample_load(path, &size);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            char changed = (char)(bytes[i] ^ (1 << bit));
            assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
            if (read_back(path) != ST_RECORD)
                fail_msg("bit %d of byte %zu of %zu changed unnoticed", bit, i, size);
        }
        assert_int_equal(pwrite(fd, bytes + i, 1, (off_t)i), 1);
    }
    close(fd);
    assert_int_equal(read_back(path), ST_OK);
    free(bytes);
    sample_remove(folder);
}

/* Every one-bit change of a seal is noticed, but in the name of the HDF5 version: nothing in the
 * record can contradict that. */
/* Two changes a byte: those that leave a seal well formed cost a child process each, slow under
 * sanitizers.  A signed record's are all tried (test_sign). */
static void every_changed_byte_of_a_seal_is_noticed(void **state) {
    static const int bits[] = {0, 6};
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_run());
    const char *seal = sample_path(folder, "r.h5.seal");
    size_t size;
    char *text = sample_load(seal, &size);
    const char *version = strstr(text, "hdf5: ") + 6;
    size_t first = (size_t)(version - text), last = first + strcspn(version, "\n");
    for (size_t i = 0; i < size; i++) {
        for (size_t b = 0; b < sizeof bits / sizeof bits[0]; b++) {
            text[i] = (char)(text[i] ^ (1 << bits[b]));
            sample_store(seal, text, size);
            enum status st = read_back(path);
            if (st != ST_RECORD && (st != ST_OK || i < first || i >= last))
                fail_msg("bit %d of byte %zu of the seal changed unnoticed", bits[b], i);
            text[i] = (char)(text[i] ^ (1 << bits[b]));
        }
    }
    free(text);
    sample_remove(folder);
}

static void every_truncation_is_noticed(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_run());
    const char *seal = sample_path(folder, "r.h5.seal");
    size_t size, seal_size;
    char *bytes = sample_load(path, &size), *text = sample_load(seal, &seal_size);
    for (size_t cut = 0; cut < size; cut += 64) {
        sample_store(path, bytes, cut);
        assert_int_equal(read_back(path), ST_RECORD);
    }
    sample_store(path, bytes, size);
    for (size_t cut = 0; cut < seal_size; cut++) {
        sample_store(seal, text, cut);
        assert_int_equal(read_back(path), ST_RECORD);
    }
    sample_store(seal, text, seal_size);
    assert_int_equal(read_back(path), ST_OK);
    free(bytes);
    free(text);
    sample_remove(folder);
}

static void trailing_bytes_are_noticed(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_small());
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "", 1), 1);
    close(fd);
    assert_int_equal(read_back(path), ST_RECORD);
    sample_remove(folder);
}

static void swapped_and_missing_seals(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *a = write_sample(folder, "a.h5", sample_small());
    struct tree *other = sample_small();
    tree_set_i64(tree_group(other, "plan"), "seed", 8);
    const char *b = write_sample(folder, "b.h5", other);
    const char *a_seal = sample_path(folder, "a.h5.seal"),
               *b_seal = sample_path(folder, "b.h5.seal");
    assert_int_equal(renameat2(AT_FDCWD, a_seal, AT_FDCWD, b_seal, RENAME_EXCHANGE), 0);
    assert_int_equal(read_back(a), ST_RECORD);
    assert_int_equal(read_back(b), ST_RECORD);
    assert_non_null(strstr(status_message(), "do not match its seal"));
    assert_int_equal(unlink(a_seal), 0);
    assert_int_equal(read_back(a), ST_RECORD);
    assert_non_null(strstr(status_message(), "not sealed"));
    sample_remove(folder);
}

/* A seal whose file digest is right and whose content digest is another record's. */
static void content_is_compared_too(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_run());
    const char *file = sample_path(folder, "r.h5.seal");
    struct seal good;
    size_t size;
    char *text = sample_load(file, &size);
    assert_int_equal(seal_parse(text, size, file, &good), ST_OK);
    free(text);
    for (int field = 0; field < 6; field++) {
        struct seal bad = good;
        char *const fields[] = {bad.content_digest,      bad.plan_digest, bad.outputs_digest,
                                bad.measurements_digest, bad.started,     bad.suite_commit};
        fields[field][0] = fields[field][0] == '1' ? '2' : '1';
        char edited[SEAL_MAX_BYTES];
        sample_store(file, edited, seal_format(&bad, edited));
        assert_int_equal(read_back(path), ST_RECORD);
        assert_non_null(strstr(status_message(), "is not the one in its seal"));
    }
    sample_remove(folder);
}

static void only_regular_files_are_read(void **state) {
    (void)state;
    char *folder = sample_folder();
    write_sample(folder, "r.h5", sample_small());
    const char *link = sample_path(folder, "link.h5"), *fifo = sample_path(folder, "fifo");
    assert_int_equal(symlink("r.h5", link), 0);
    assert_int_equal(symlink("r.h5.seal", sample_path(folder, "link.h5.seal")), 0);
    assert_int_equal(read_back(link), ST_RECORD);
    assert_non_null(strstr(status_message(), "symbolic link"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(read_back(fifo), ST_RECORD); /* and does not hang */
    assert_int_equal(read_back(folder), ST_RECORD);
    assert_int_equal(read_back("/dev/zero"), ST_RECORD);
    assert_int_equal(read_back(sample_path(folder, "absent.h5")), ST_INPUT);
    /* A seal behind a link is no seal. */
    const char *seal = sample_path(folder, "r.h5.seal");
    assert_int_equal(rename(seal, sample_path(folder, "kept")), 0);
    assert_int_equal(symlink("kept", seal), 0);
    assert_int_equal(read_back(sample_path(folder, "r.h5")), ST_RECORD);
    sample_remove(folder);
}

static void oversize_files_are_refused(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = write_sample(folder, "r.h5", sample_small());
    assert_int_equal(truncate(path, RECORD_MAX_BYTES + 1L), 0);
    assert_int_equal(read_back(path), ST_RECORD);
    assert_non_null(strstr(status_message(), "expected 1 to"));
    path = write_sample(folder, "s.h5", sample_small());
    assert_int_equal(truncate(sample_path(folder, "s.h5.seal"), SEAL_MAX_BYTES + 1L), 0);
    assert_int_equal(read_back(path), ST_RECORD);
    sample_remove(folder);
}

static void failed_writes_leave_nothing(void **state) {
    (void)state;
    char *folder = sample_folder();
    struct tree *root = sample_small();
    assert_int_equal(record_write(root, sample_path(folder, "absent/r.h5"), NULL), ST_SYSTEM);
    assert_non_null(strstr(status_message(), "absent/r.h5"));
    /* A folder where the record should go. */
    const char *taken = sample_path(folder, "taken.h5");
    assert_int_equal(mkdir(taken, 0700), 0);
    assert_int_equal(record_write(root, taken, NULL), ST_SYSTEM);
    assert_int_equal(files_in(folder), 1);
    /* A folder where the seal should go. */
    const char *path = sample_path(folder, "r.h5");
    assert_int_equal(mkdir(sample_path(folder, "r.h5.seal"), 0700), 0);
    assert_int_equal(record_write(root, path, NULL), ST_SYSTEM);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(files_in(folder), 2);
    tree_free(root);
    sample_remove(folder);
}

static void incomplete_records_are_not_sealed(void **state) {
    (void)state;
    char *folder = sample_folder();
    struct tree *root = tree_new();
    tree_group(root, "plan");
    tree_group(root, "outputs");
    assert_int_equal(record_write(root, sample_path(folder, "r.h5"), NULL), ST_RECORD);
    assert_non_null(strstr(status_message(), "no group measurements"));
    tree_set_string(tree_group(root, "measurements"), "started", "yesterday\nfile_digest: 0");
    assert_int_equal(record_write(root, sample_path(folder, "r.h5"), NULL), ST_RECORD);
    assert_non_null(strstr(status_message(), "attribute started does not fit"));
    assert_int_equal(files_in(folder), 0);
    tree_free(root);
    sample_remove(folder);
}

/* --- attest verify -------------------------------------------------------------------------- */

static int verify(int argc, char **argv) { return (int)cmd_verify(argc, argv); }

static void verify_tells_good_from_bad(void **state) {
    (void)state;
    char *folder = sample_folder(), *output;
    char *good = strdup(write_sample(folder, "good.h5", sample_run()));
    char *bad = strdup(write_sample(folder, "bad.h5", sample_run()));
    assert_int_equal(truncate(bad, 4096), 0);

    char *one[] = {"verify", good, NULL};
    assert_int_equal(sample_command(verify, one, &output), ST_OK);
    assert_non_null(strstr(output, "good.h5: ok (UNSIGNED: detects accidents, not forgery)\n"));
    free(output);

    char *verbose[] = {"verify", "--verbose", good, NULL};
    assert_int_equal(sample_command(verify, verbose, &output), ST_OK);
    assert_non_null(strstr(output, "outputs       "));
    free(output);

    char *wrong[] = {"verify", bad, NULL};
    assert_int_equal(sample_command(verify, wrong, &output), ST_RECORD);
    assert_string_equal(output, "");
    assert_non_null(strstr(status_message(), "bad.h5: 4096 bytes, its seal says"));
    free(output);

    char *all[] = {"verify", bad, good, "/dev/null/absent", NULL};
    assert_int_equal(sample_command(verify, all, &output), ST_RECORD);
    assert_non_null(strstr(output, "FAILED "));
    assert_non_null(strstr(output, "good.h5: ok"));
    assert_string_equal(status_message(), "2 of 3 records failed verification");
    free(output);
    free(good);
    free(bad);
    sample_remove(folder);
}

/* Sealed and bent: the kind is right, and nothing of what the kind holds is there. */
static void verify_reads_records_of_models(void **state) {
    (void)state;
    static const char *const kinds[] = {"attention trace", "search projections"};
    char *folder = sample_folder();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tree *root = sample_small();
        char line[96], *output;
        assert_true(tree_set_string(tree_find(root, "plan"), "kind", kinds[i]));
        char *path = strdup(write_sample(folder, "bent.h5", root));
        char *argv[] = {"verify", path, NULL};
        assert_int_equal(sample_command(verify, argv, &output), ST_RECORD);
        snprintf(line, sizeof line, "bent.h5: no %s of this program: ", kinds[i]);
        assert_non_null(strstr(status_message(), line));
        free(output);
        free(path);
    }
    sample_remove(folder);
}

static void verify_usage(void **state) {
    (void)state;
    char *output;
    char *none[] = {"verify", NULL}, *odd[] = {"verify", "--odd", "x", NULL};
    char *help[] = {"verify", "--help", NULL};
    assert_int_equal(sample_command(verify, none, &output), ST_USAGE);
    free(output);
    assert_int_equal(sample_command(verify, odd, &output), ST_USAGE);
    free(output);
    assert_int_equal(sample_command(verify, help, &output), ST_OK);
    assert_non_null(strstr(output, "usage: attest verify"));
    free(output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seal_text_round_trip),
        cmocka_unit_test(seal_keys_are_sorted),
        cmocka_unit_test(malformed_seals_are_refused),
        cmocka_unit_test(written_record_is_read_back),
        cmocka_unit_test(a_record_can_be_replaced),
        cmocka_unit_test(every_changed_byte_of_a_record_is_noticed),
        cmocka_unit_test(every_changed_byte_of_a_seal_is_noticed),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(trailing_bytes_are_noticed),
        cmocka_unit_test(swapped_and_missing_seals),
        cmocka_unit_test(content_is_compared_too),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(oversize_files_are_refused),
        cmocka_unit_test(failed_writes_leave_nothing),
        cmocka_unit_test(incomplete_records_are_not_sealed),
        cmocka_unit_test(verify_tells_good_from_bad),
        cmocka_unit_test(verify_reads_records_of_models),
        cmocka_unit_test(verify_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
