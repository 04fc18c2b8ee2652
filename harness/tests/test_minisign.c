/* minisign's files, read strictly; passwords; key files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../seal/keys.h"
#include "../seal/password.h"
#include "sample_record.h"

/* One key for all tests, and its encrypted form: deriving takes a moment. */
static struct minisign_secret *secret;
static struct minisign_public public_key;
static struct minisign_locked locked;

static int make_key(void **state) {
    (void)state;
    size_t mebibytes;
    secret = minisign_secret_new();
    if (secret == NULL)
        return -1;
    minisign_generate(secret);
    minisign_public_of(secret, &public_key);
    return minisign_lock(secret, "correct horse", MINISIGN_INTERACTIVE, &locked, &mebibytes) ==
                       ST_OK &&
                   mebibytes == 16
               ? 0
               : -1;
}

static int free_key(void **state) {
    (void)state;
    minisign_secret_free(secret);
    return 0;
}

static struct minisign_signature sign(const char *message, const char *trusted) {
    struct minisign_signature s;
    unsigned char hash[MINISIGN_HASH_BYTES];
    minisign_hash(message, strlen(message), hash);
    minisign_sign(secret, hash, "who knows", trusted, &s);
    return s;
}

/* --- round trips ---------------------------------------------------------------------------- */

static void public_key_round_trip(void **state) {
    (void)state;
    char text[MINISIGN_FILE_MAX], id[MINISIGN_ID_HEX];
    struct minisign_public found;
    size_t size = minisign_public_format(&public_key, text);
    assert_int_equal(minisign_public_parse(text, size, "k", &found), ST_OK);
    assert_memory_equal(&found, &public_key, sizeof found);
    minisign_id_text(public_key.id, id);
    assert_non_null(strstr(text, id));
    assert_int_equal(size, 113); /* as the stock tool's */
}

static void signature_round_trip(void **state) {
    (void)state;
    char text[MINISIGN_FILE_MAX];
    unsigned char hash[MINISIGN_HASH_BYTES];
    struct minisign_signature said = sign("hello", "a comment\twith a tab"), found;
    size_t size = minisign_signature_format(&said, text);
    assert_int_equal(minisign_signature_parse(text, size, "s", &found), ST_OK);
    assert_memory_equal(&said, &found, sizeof said);
    minisign_hash("hello", 5, hash);
    assert_true(minisign_file_ok(&public_key, hash, &found));
    assert_true(minisign_comment_ok(&public_key, &found));
    minisign_hash("hallo", 5, hash);
    assert_false(minisign_file_ok(&public_key, hash, &found));
    found.trusted[0] = 'A';
    assert_false(minisign_comment_ok(&public_key, &found));
}

/* The longest comments there may be fit the file. */
static void longest_signature_fits(void **state) {
    (void)state;
    struct minisign_signature s = sign("hello", "x"), found;
    char text[MINISIGN_FILE_MAX];
    memset(s.untrusted, 'u', sizeof s.untrusted - 1);
    memset(s.trusted, 't', sizeof s.trusted - 1);
    size_t size = minisign_signature_format(&s, text);
    assert_true(size < sizeof text);
    assert_int_equal(minisign_signature_parse(text, size, "s", &found), ST_OK);
    assert_memory_equal(&s, &found, sizeof s);
}

static void secret_key_round_trip(void **state) {
    (void)state;
    char text[MINISIGN_FILE_MAX];
    struct minisign_locked found;
    struct minisign_secret *opened = minisign_secret_new();
    size_t size = minisign_locked_format(&locked, text);
    assert_int_equal(minisign_locked_parse(text, size, "k", &found), ST_OK);
    assert_int_equal(minisign_unlock(&found, "correct horse", "k", opened), ST_OK);
    assert_memory_equal(opened->key, secret->key, sizeof opened->key);
    assert_memory_equal(opened->id, secret->id, sizeof opened->id);
    minisign_secret_free(opened);
}

/* Neither half of the key, nor its seed, lies open in the file. */
static void secret_key_is_encrypted(void **state) {
    (void)state;
    assert_memory_equal(locked.bytes, "EdScB2", 6);
    assert_null(memmem(locked.bytes, sizeof locked.bytes, secret->key, 16));
    assert_null(memmem(locked.bytes, sizeof locked.bytes, secret->key + 32, 16));
}

/* --- refusals ------------------------------------------------------------------------------- */

static void wrong_password(void **state) {
    (void)state;
    struct minisign_secret *opened = minisign_secret_new();
    assert_int_equal(minisign_unlock(&locked, "correct horsf", "k.key", opened), ST_INPUT);
    assert_string_equal(status_message(), "k.key: wrong password");
    minisign_secret_free(opened);
}

static void damaged_secret_keys(void **state) {
    (void)state;
    struct minisign_secret *opened = minisign_secret_new();
    struct minisign_locked bad = locked;
    bad.bytes[100] ^= 1;
    assert_int_equal(minisign_unlock(&bad, "correct horse", "k", opened), ST_INPUT);
    /* A hostile file may not choose the memory that reading it takes. */
    for (int at = 38; at < 54; at += 8) {
        bad = locked;
        bad.bytes[at + 6] = 1;
        assert_int_equal(minisign_unlock(&bad, "correct horse", "k", opened), ST_INPUT);
        assert_non_null(strstr(status_message(), "out of bounds"));
        bad = locked;
        memset(bad.bytes + at, 0, 8);
        assert_int_equal(minisign_unlock(&bad, "correct horse", "k", opened), ST_INPUT);
    }
    minisign_secret_free(opened);
}

static void unencrypted_and_foreign_secret_keys(void **state) {
    (void)state;
    static const struct {
        size_t at;
        const char *bytes, *said;
    } cases[] = {{2, "\0\0", "not encrypted"},
                 {2, "Xx", "not minisign's scrypt"},
                 {0, "ED", "not a minisign secret key"},
                 {4, "B3", "not a minisign secret key"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MINISIGN_FILE_MAX];
        struct minisign_locked bad = locked, found;
        memcpy(bad.bytes + cases[i].at, cases[i].bytes, 2);
        size_t size = minisign_locked_format(&bad, text);
        assert_int_equal(minisign_locked_parse(text, size, "k", &found), ST_INPUT);
        assert_non_null(strstr(status_message(), cases[i].said));
        assert_true(sodium_is_zero(found.bytes, sizeof found.bytes));
    }
}

/* A signature in which `from` is replaced by `to`; the refusal must say `said`. */
static void refused(const char *from, const char *to, const char *said) {
    char text[MINISIGN_FILE_MAX], edited[2 * MINISIGN_FILE_MAX];
    struct minisign_signature s = sign("hello", "trust me"), found;
    minisign_signature_format(&s, text);
    const char *at = strstr(text, from);
    assert_non_null(at);
    int size =
        snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_int_equal(minisign_signature_parse(edited, (size_t)size, "s", &found), ST_RECORD);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
}

static void malformed_signatures(void **state) {
    (void)state;
    refused("who knows\n", "who knows\r\n", "line 1: ends in CR LF");
    refused("trust me\n", "trust me\r\n", "line 3: ends in CR LF");
    refused("who knows\n", "who knows", "line 2: not 74 bytes"); /* two lines join */
    refused("untrusted", "Untrusted", "line 1 does not start with");
    refused("trusted comment: trust", "trusted comment:trust", "line 3 does not start with");
    refused("who", "\x1b[2Kwho", "line 1: holds a control byte");
    refused("trust me", "trust\x7fme", "line 3: holds a control byte");
    refused("\nRU", "\nRX", "line 2: not a minisign signature");
    refused("\nRU", "\nRW", "a legacy signature");
    refused("==\n", "=\n", "line 4: not 64 bytes in canonical base64");
    refused("==\n", "\n", "line 4: not 64 bytes in canonical base64");
    refused("==\n", "==", "line 4: the file ends before this line does");
    refused("==\n", "==\n\n", "1 bytes after line 4");
    refused("\nRU", "\n RU", "line 2: not 74 bytes");
    refused("=\ntrusted", "\ntrusted", "line 2: not 74 bytes");
    char *huge = calloc(1, MINISIGN_TRUSTED + 1);
    memset(huge, 'x', MINISIGN_TRUSTED);
    refused("trust me", huge, "line 3: too long");
    refused("who knows", huge, "line 1: too long");
    free(huge);
}

/* The last character of base64 has bits that stand for nothing; a decoder that ignores them would
 * take several texts for one signature. */
static void spare_bits_of_base64(void **state) {
    (void)state;
    char text[MINISIGN_FILE_MAX];
    struct minisign_signature s = sign("hello", "trust me"), found;
    size_t size = minisign_signature_format(&s, text);
    char *last = strstr(text, "==\n") - 1; /* of the global signature: 4 spare bits */
    const char kept = *last;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 64; i++) {
        *last = digits[i];
        enum status st = minisign_signature_parse(text, size, "s", &found);
        assert_int_equal(st, i % 16 == 0 ? ST_OK : ST_RECORD);
    }
    *last = kept;
    assert_int_equal(minisign_signature_parse(text, size, "s", &found), ST_OK);
}

static void every_truncation(void **state) {
    (void)state;
    char text[MINISIGN_FILE_MAX];
    struct minisign_signature s = sign("hello", "trust me");
    struct minisign_public key;
    struct minisign_locked found;
    size_t size = minisign_signature_format(&s, text);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(minisign_signature_parse(text, cut, "s", &s), ST_RECORD);
    size = minisign_public_format(&public_key, text);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(minisign_public_parse(text, cut, "k", &key), ST_INPUT);
    size = minisign_locked_format(&locked, text);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(minisign_locked_parse(text, cut, "k", &found), ST_INPUT);
}

/* --- files ---------------------------------------------------------------------------------- */

static mode_t mode_of(const char *path) {
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    return s.st_mode & 0777;
}

static void key_files(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *name = sample_path(folder, "k"), *pub = sample_path(folder, "k.pub"),
               *key = sample_path(folder, "k.key");
    mode_t kept = umask(022);
    assert_int_equal(keys_check_free(name), ST_OK);
    assert_int_equal(keys_write(name, &public_key, &locked), ST_OK);
    umask(kept);
    assert_int_equal(mode_of(pub), 0644);
    assert_int_equal(mode_of(key), 0600);
    struct minisign_public read_public;
    struct minisign_locked read_locked;
    assert_int_equal(keys_read_public(pub, &read_public), ST_OK);
    assert_memory_equal(&read_public, &public_key, sizeof read_public);
    assert_int_equal(keys_read_locked(key, &read_locked), ST_OK);
    assert_memory_equal(&read_locked, &locked, sizeof read_locked);
    for (mode_t bit = 1; bit < 0100; bit <<= 1) {
        assert_int_equal(chmod(key, 0600 | bit), 0);
        assert_int_equal(keys_read_locked(key, &read_locked), ST_INPUT);
        assert_non_null(strstr(status_message(), "others may read it"));
    }
    sample_remove(folder);
}

static void keys_are_never_overwritten(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *name = sample_path(folder, "k"), *pub = sample_path(folder, "k.pub"),
               *key = sample_path(folder, "k.key");
    sample_store(pub, "mine", 4);
    assert_int_equal(keys_check_free(name), ST_INPUT);
    assert_non_null(strstr(status_message(), "never overwritten"));
    /* Even when the file appears after that check: both or none. */
    assert_int_equal(keys_write(name, &public_key, &locked), ST_SYSTEM);
    assert_int_equal(access(key, F_OK), -1);
    size_t size;
    char *text = sample_load(pub, &size);
    assert_string_equal(text, "mine");
    free(text);
    assert_int_equal(unlink(pub), 0);
    assert_int_equal(symlink("elsewhere", key), 0);
    assert_int_equal(keys_check_free(name), ST_INPUT);
    assert_int_equal(keys_write(name, &public_key, &locked), ST_SYSTEM);
    assert_int_equal(access(sample_path(folder, "elsewhere"), F_OK), -1);
    sample_remove(folder);
}

/* --- passwords ------------------------------------------------------------------------------ */

static enum status password_of(const char *folder, const void *text, size_t size, char **password) {
    const char *path = sample_path(folder, "password");
    unlink(path);
    sample_store(path, text, size);
    assert_int_equal(chmod(path, 0600), 0);
    return password_read(path, true, password);
}

static void passwords_from_files(void **state) {
    (void)state;
    char *folder = sample_folder(), *password, huge[MINISIGN_PASSWORD];
    assert_int_equal(password_of(folder, "two words \nrest", 15, &password), ST_OK);
    assert_string_equal(password, "two words ");
    password_free(password);
    assert_int_equal(password_of(folder, "no line end", 11, &password), ST_OK);
    password_free(password);
    memset(huge, 'x', sizeof huge);
    assert_int_equal(password_of(folder, huge, sizeof huge - 1, &password), ST_OK);
    password_free(password);
    assert_int_equal(password_of(folder, huge, sizeof huge, &password), ST_INPUT);
    assert_int_equal(password_of(folder, "", 0, &password), ST_INPUT);
    assert_int_equal(password_of(folder, "\nx", 2, &password), ST_INPUT);
    assert_non_null(strstr(status_message(), "empty password"));
    assert_int_equal(password_of(folder, "dos\r\n", 5, &password), ST_INPUT);
    assert_int_equal(password_of(folder, "nul\0x\n", 6, &password), ST_INPUT);
    assert_null(password);
    assert_null(strstr(status_message(), "nul"));
    const char *path = sample_path(folder, "password");
    sample_store(path, "open\n", 5);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(password_read(path, true, &password), ST_INPUT);
    assert_non_null(strstr(status_message(), "others may read this password"));
    assert_int_equal(password_read(sample_path(folder, "absent"), true, &password), ST_INPUT);
    sample_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_key_round_trip),
        cmocka_unit_test(signature_round_trip),
        cmocka_unit_test(longest_signature_fits),
        cmocka_unit_test(secret_key_round_trip),
        cmocka_unit_test(secret_key_is_encrypted),
        cmocka_unit_test(wrong_password),
        cmocka_unit_test(damaged_secret_keys),
        cmocka_unit_test(unencrypted_and_foreign_secret_keys),
        cmocka_unit_test(malformed_signatures),
        cmocka_unit_test(spare_bits_of_base64),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(key_files),
        cmocka_unit_test(keys_are_never_overwritten),
        cmocka_unit_test(passwords_from_files),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
