/* attest: the command line. Everything it can do is a command of harness/cli/options.h. */
#include <cblas.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "base/cpu.h"
#include "base/escape.h"
#include "cli/options.h"
#include "base/version.h"

static const struct {
    const char *name;
    enum status (*run)(int argc, char **argv);
} commands[] = {
#define X(name, operands, summary) {#name, cmd_##name},
    COMMAND_LIST(X)
#undef X
};

static enum status dispatch(int argc, char **argv) {
    if (argc < 2) {
        return status_set(ST_USAGE, "no command given; attest --help lists them");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        options_help(stdout, NULL);
        return ST_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("attest %s (%s%s)\n", suite_version(), suite_commit(),
               suite_dirty() ? ", dirty" : "");
        return ST_OK;
    }
    if (strcmp(argv[1], "--help-table") == 0) {
        options_table(stdout);
        return ST_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return status_set(ST_USAGE, "no command \"%s\"; attest --help lists them", argv[1]);
}

/* An OpenBLAS older than the CPU falls back to its SSE kernels, which would make the sgemm arm and
 * the rotation look several times slower than they are.  The core is chosen when the library is
 * loaded, so the program starts itself again with the newest core that this CPU can run; records
 * hold the core's name. */
static void choose_blas_core(char **argv) {
    uint32_t isa = cpu_isa();
    const char *core = isa & ISA_AVX512 ? "SkylakeX" : isa & ISA_AVX2 ? "Haswell" : NULL;
    if (core == NULL || getenv("OPENBLAS_CORETYPE") != NULL ||
        strcmp(openblas_get_corename(), "Prescott") != 0) {
        return;
    }
    if (setenv("OPENBLAS_CORETYPE", core, 1) == 0) {
        execv("/proc/self/exe", argv); /* on failure: go on with the core there is */
    }
}

int main(int argc, char **argv) {
    choose_blas_core(argv);
    signal(SIGXFSZ, SIG_IGN);    /* a file size limit is an error of write(), as a full disk is */
    openblas_set_num_threads(1); /* parallelism is ours: queries over threads */
    status_set(ST_OK, "%s", "");
    enum status st = dispatch(argc, argv);
    if (fflush(stdout) != 0 && st == ST_OK) {
        st = status_set(ST_SYSTEM, "standard output cannot be written");
    }
    if (st != ST_OK && status_message()[0] != '\0') {
        char line[2048];
        escape_text(status_message(), line, sizeof line);
        fprintf(stderr, "attest: %s\n", line);
    }
    return status_exit_code(st);
}
