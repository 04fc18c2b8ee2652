/* attest seal: seals records that exist, with a signature or without. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "../base/escape.h"
#include "../seal/keys.h"
#include "../seal/password.h"
#include "../seal/seal_sign.h"

struct options {
    bool help;
    const char *key, *password_file;
};

static enum status read_options(int argc, char **argv, struct options *o) {
    optind = 0; /* a new scan */
    const char *value;
    enum option_id id;
    while ((id = options_next("seal", argc, argv, &value)) != OPTION_END) {
        if (id == OPTION_ERROR)
            return ST_USAGE;
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        if (id == OPTION_SEAL_KEY)
            o->key = value;
        else
            o->password_file = value;
    }
    if (optind == argc)
        return status_set(ST_USAGE, "seal: name at least one record: attest seal RECORD...");
    if (o->key == NULL && o->password_file != NULL)
        return status_set(ST_USAGE, "seal: --password-file is the password of a --key");
    return ST_OK;
}

static enum status seal_plainly(char *const *paths, size_t count) {
    enum status st = ST_OK;
    for (size_t i = 0; i < count && st == ST_OK; i++) {
        struct seal made;
        char shown[ESCAPE_LINE];
        escape_text(paths[i], shown, sizeof shown);
        st = seal_unsigned(paths[i], &made);
        if (st == ST_OK)
            printf("%s: sealed (UNSIGNED: detects accidents, not forgery: anyone who changes the "
                   "record can write a seal that fits)\n",
                   shown);
    }
    return st;
}

static enum status sign(char *const *paths, size_t count, const struct minisign_secret *secret) {
    struct seal *made = calloc(count, sizeof *made);
    if (made == NULL)
        return status_set(ST_SYSTEM, "no memory for %zu seals", count);
    enum status st = seal_signed(paths, count, secret, made);
    for (size_t i = 0; i < count && st == ST_OK; i++) {
        char shown[ESCAPE_LINE];
        escape_text(paths[i], shown, sizeof shown);
        printf("%s: sealed, SIGNED by key %s, number %llu\n", shown, made[i].key_id,
               (unsigned long long)made[i].number);
    }
    if (st == ST_OK)
        printf("head %s: note it elsewhere; without it nobody can see that the last record was "
               "removed\n",
               made[count - 1].signature_digest);
    free(made);
    return st;
}

/* Opens the secret key; only then are records looked at. */
static enum status seal_with_key(char *const *paths, size_t count, const struct options *o) {
    struct minisign_locked locked;
    struct minisign_secret *secret = NULL;
    char *password = NULL, shown[ESCAPE_LINE];
    escape_text(o->key, shown, sizeof shown);
    enum status st = keys_read_locked(o->key, &locked);
    if (st == ST_OK)
        st = password_read(o->password_file, false, &password);
    if (st == ST_OK && (secret = minisign_secret_new()) == NULL)
        st = status_set(ST_SYSTEM, "no memory for a key");
    if (st == ST_OK && isatty(STDERR_FILENO))
        fputs("deriving a key from the password may take some seconds\n", stderr);
    if (st == ST_OK)
        st = minisign_unlock(&locked, password, shown, secret);
    password_free(password);
    if (st == ST_OK)
        st = sign(paths, count, secret);
    minisign_secret_free(secret);
    return st;
}

enum status args_seal(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
}

enum status cmd_seal(int argc, char **argv) {
    struct options o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK)
        return st;
    if (o.help) {
        options_help(stdout, "seal");
        return ST_OK;
    }
    char *const *paths = argv + optind;
    size_t count = (size_t)(argc - optind);
    return o.key != NULL ? seal_with_key(paths, count, &o) : seal_plainly(paths, count);
}
