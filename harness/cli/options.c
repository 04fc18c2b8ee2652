#include "options.h"

#include <getopt.h>
#include <string.h>

struct command_row {
    const char *name, *operands, *summary;
};

struct option_row {
    const char *command;
    enum option_id id;
    const char *name, *argument, *summary;
};

static const struct command_row commands[] = {
#define X(name, operands, summary) {#name, operands, summary},
    COMMAND_LIST(X)
#undef X
};

static const struct option_row rows[] = {
#define X(command, id, name, argument, summary) {#command, OPTION_##id, name, argument, summary},
    OPTION_LIST(X)
#undef X
};

enum {
    COMMANDS = sizeof commands / sizeof commands[0],
    ROWS = sizeof rows / sizeof rows[0],
    FIRST = 256 /* above every character that getopt_long may return */
};

static void long_options(const char *command, struct option out[ROWS + 2]) {
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].command, command) == 0) {
            int has = rows[i].argument[0] != '\0' ? required_argument : no_argument;
            out[n++] = (struct option){rows[i].name, has, NULL, FIRST + (int)rows[i].id};
        }
    }
    out[n++] = (struct option){"help", no_argument, NULL, FIRST + OPTION_HELP};
    out[n] = (struct option){NULL, 0, NULL, 0};
}

enum option_id options_next(const char *command, int argc, char **argv, const char **value) {
    struct option table[ROWS + 2];
    long_options(command, table);
    opterr = 0;
    int at = optind > 0 ? optind : 1;
    int c = getopt_long(argc, argv, ":h", table, NULL);
    *value = optarg;
    if (c == -1) {
        return OPTION_END;
    }
    if (c == 'h') {
        return OPTION_HELP;
    }
    if (c >= FIRST) {
        return (enum option_id)(c - FIRST);
    }
    status_set(ST_USAGE, "%s: %s %s; see attest %s --help", command,
               c == ':' ? "a value is missing after" : "unknown or ambiguous option",
               at < argc ? argv[at] : "", command);
    return OPTION_ERROR;
}

static void help_of_command(FILE *out, const struct command_row *c) {
    fprintf(out, "usage: attest %s [options] %s\n\n%s\n\noptions:\n", c->name, c->operands,
            c->summary);
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].command, c->name) == 0) {
            fprintf(out, "  --%s%s%s\n        %s\n", rows[i].name,
                    rows[i].argument[0] != '\0' ? " " : "", rows[i].argument, rows[i].summary);
        }
    }
    fprintf(out, "  --help\n        this text\n");
}

void options_help(FILE *out, const char *command) {
    for (size_t i = 0; command != NULL && i < COMMANDS; i++) {
        if (strcmp(commands[i].name, command) == 0) {
            help_of_command(out, &commands[i]);
            return;
        }
    }
    fprintf(out, "usage: attest COMMAND [options]\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\nattest COMMAND --help tells the options; attest --version the version.\n"
                 "exit status: 0 ok, 1 failed check or regression, 2 usage or unusable input,\n"
                 "3 record invalid or tampered with, 4 inconclusive, 77 everything skipped\n");
}

void options_table(FILE *out) {
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(out, "command\t%s\t%s\t%s\n", commands[i].name, commands[i].summary,
                commands[i].operands);
    }
    for (size_t i = 0; i < ROWS; i++) {
        fprintf(out, "option\t%s\t--%s\t%s\t%s\n", rows[i].command, rows[i].name, rows[i].argument,
                rows[i].summary);
    }
}
