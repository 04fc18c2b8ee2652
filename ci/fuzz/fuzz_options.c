/* Command lines: one argument a line, the first names the command; what they ask for is not done.
 */
#include <stdlib.h>
#include <string.h>

#include "../../harness/cli/commands.h"
#include "fuzz.h"

static const struct {
    const char *name;
    enum status (*read)(int argc, char **argv);
} commands[] = {
#define X(name, operands, summary) {#name, args_##name},
    COMMAND_LIST(X)
#undef X
};

enum { ARGUMENTS = 64 };

/* Cuts the text into lines; how many. */
static int cut(char *text, char *argv[ARGUMENTS + 1]) {
    int argc = 0;
    while (text != NULL && argc < ARGUMENTS)
        argv[argc++] = strsep(&text, "\n");
    argv[argc] = NULL;
    return argc;
}

static void read_as(const char *name, int argc, char **argv) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        const enum status st = commands[i].read(argc, argv);
        /* An option may name a file: a public key. */
        fuzz_answer_escaped(st, st == ST_INPUT || st == ST_SYSTEM ? st : ST_USAGE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* Each argument on the heap would be tighter, but this is what a process gets: one block. */
    char *text = malloc(size + 1), *argv[ARGUMENTS + 1];
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const int argc = cut(text, argv);
    read_as(argv[0], argc, argv);
    free(text);
    return 0;
}
