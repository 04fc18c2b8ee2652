/* attest keygen: a new key pair, in minisign's formats. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "../base/escape.h"
#include "../seal/keys.h"
#include "../seal/password.h"

struct options {
    bool help;
    enum minisign_cost cost;
    const char *password_file, *name;
};

static enum status read_cost(const char *value, enum minisign_cost *cost) {
    if (strcmp(value, "interactive") == 0)
        *cost = MINISIGN_INTERACTIVE;
    else if (strcmp(value, "sensitive") == 0)
        *cost = MINISIGN_SENSITIVE;
    else
        return status_set(ST_USAGE, "keygen: --cost is interactive or sensitive");
    return ST_OK;
}

static enum status read_options(int argc, char **argv, struct options *o) {
    optind = 0; /* a new scan */
    const char *value;
    enum option_id id;
    while ((id = options_next("keygen", argc, argv, &value)) != OPTION_END) {
        enum status st = ST_OK;
        if (id == OPTION_ERROR)
            return ST_USAGE;
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        if (id == OPTION_KEYGEN_COST)
            st = read_cost(value, &o->cost);
        else
            o->password_file = value;
        if (st != ST_OK)
            return st;
    }
    if (argc - optind != 1 || argv[optind][0] == '\0')
        return status_set(ST_USAGE, "keygen: name one key: attest keygen NAME");
    o->name = argv[optind];
    return ST_OK;
}

static void report(const char *name, const struct minisign_public *key, size_t mebibytes,
                   enum minisign_cost cost) {
    char shown[ESCAPE_LINE], id[MINISIGN_ID_HEX];
    escape_text(name, shown, sizeof shown);
    minisign_id_text(key->id, id);
    printf("key         %s\n"
           "public key  %s.pub: give it to whoever verifies\n"
           "secret key  %s.key: encrypted; keep it and its password to yourself\n",
           id, shown, shown);
    if (cost == MINISIGN_SENSITIVE && mebibytes < 1024)
        printf("note        this machine allowed only %zu of 1024 MiB for deriving a key from the "
               "password: a guess is cheaper\n",
               mebibytes);
}

/* Encrypts and writes a new key. */
static enum status make(const struct options *o, const char *password) {
    struct minisign_secret *secret = minisign_secret_new();
    if (secret == NULL)
        return status_set(ST_SYSTEM, "no memory for a key");
    struct minisign_public key;
    struct minisign_locked locked;
    size_t mebibytes = 0;
    minisign_generate(secret);
    minisign_public_of(secret, &key);
    if (o->cost == MINISIGN_SENSITIVE && isatty(STDERR_FILENO))
        fputs("deriving a key from the password takes some seconds\n", stderr);
    enum status st = minisign_lock(secret, password, o->cost, &locked, &mebibytes);
    minisign_secret_free(secret);
    if (st == ST_OK)
        st = keys_write(o->name, &key, &locked);
    if (st == ST_OK)
        report(o->name, &key, mebibytes, o->cost);
    return st;
}

enum status args_keygen(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
}

enum status cmd_keygen(int argc, char **argv) {
    struct options o = {.cost = MINISIGN_SENSITIVE};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK)
        return st;
    if (o.help) {
        options_help(stdout, "keygen");
        return ST_OK;
    }
    char *password = NULL;
    st = keys_check_free(o.name);
    if (st == ST_OK)
        st = password_read(o.password_file, true, &password);
    if (st == ST_OK)
        st = make(&o, password);
    password_free(password);
    return st;
}
