/* Commands and options: one table from which parsing, --help, the man page and completions come. */
#ifndef ATTEST_HARNESS_OPTIONS_H
#define ATTEST_HARNESS_OPTIONS_H

#include <stdio.h>

#include "../base/status.h"

/* command, operands, summary */
#define COMMAND_LIST(X)                                                                            \
    X(env, "", "print what this machine and this build are, and the limits of the machine")        \
    X(keygen, "NAME", "make a key pair for signing records: NAME.pub and NAME.key")                \
    X(list, "[experiments|arms|kernels|datasets]", "list what can be run, and why not")            \
    X(lm, "tokenize|ppl|logits|entropy|trace",                                                     \
      "tokens, perplexity, logits or entropies of a text under a language model")                  \
    X(report, "RECORD...", "draw tables and plots from records")                                   \
    X(run, "EXPERIMENT...", "check, time and record experiments")                                  \
    X(seal, "RECORD...", "seal records that exist, signed or not")                                 \
    X(selfcheck, "", "prove that wrong kernels and defective metrics are caught")                  \
    X(show, "RECORD", "print a record's cells")                                                    \
    X(train, "", "train search projections of a language model's layers")                          \
    X(verify, "RECORD...", "check records against their seals")

/* command, id, long name, argument or "", summary */
#define OPTION_LIST(X)                                                                             \
    X(env, ENV_JSON, "json", "", "print JSON")                                                     \
    X(keygen, KEYGEN_COST, "cost", "interactive|sensitive",                                        \
      "of deriving a key from the password: 16 MiB or 1 GiB; sensitive by default")                \
    X(keygen, KEYGEN_PASSWORD, "password-file", "FILE",                                            \
      "the password is this file's first line, instead of being asked for")                        \
    X(list, LIST_JSON, "json", "", "print JSON")                                                   \
    X(lm, LM_CONTEXT, "context", "N", "tokens a window; by default 2048, or the model's context")  \
    X(lm, LM_JSON, "json", "", "print JSON")                                                       \
    X(lm, LM_MODEL, "model", "FILE",                                                               \
      "a GGUF file; by default the model that datasets/fetch-smollm2.sh fetched")                  \
    X(lm, LM_OUT, "out", "FILE", "trace: write the trace here, a record")                          \
    X(lm, LM_QUIET, "quiet", "", "no progress on stderr")                                          \
    X(lm, LM_SEQUENCES, "sequences", "M", "only the first M windows; all by default")              \
    X(lm, LM_SPECIAL, "special", "", "recognise special tokens in the text")                       \
    X(lm, LM_TEXT, "text", "FILE", "the text, any bytes; trace: by default a pinned one")          \
    X(lm, LM_THREADS, "threads", "N", "threads; all by default")                                   \
    X(report, REPORT_CHECK, "check", "", "compare with the files in --out; exit 1 if one differs") \
    X(report, REPORT_FORMAT, "format", "text|md|tex|csv|html|svg|pdf",                             \
      "format, or several with commas; text by default")                                           \
    X(report, REPORT_OUT, "out", "DIR", "write files into DIR instead of stdout")                  \
    X(report, REPORT_PLOT, "plot", "NAME", "only this plot")                                       \
    X(report, REPORT_TABLE, "table", "NAME", "only this table")                                    \
    X(run, RUN_BACKEND, "backend", "cpu|cuda", "only cells of this backend")                       \
    X(run, RUN_COLOR, "color", "auto|always|never", "colour of the progress line")                 \
    X(run, RUN_DATASET, "dataset", "PATH",                                                         \
      "this dataset instead of the profile's: a name, a generator's spec or a file; repeatable")   \
    X(run, RUN_FILTER, "filter", "REGEX",                                                          \
      "only cells whose line experiment/arm/kernel/param=value/... matches")                       \
    X(run, RUN_MODEL, "model", "FILE.gguf", "this language model instead of the pinned one")       \
    X(run, RUN_OUT, "out", "FILE", "write the record here; build/records/ by default")             \
    X(run, RUN_PROFILE, "profile", "smoke|default|full", "how much work; default by default")      \
    X(run, RUN_QUERIES, "queries", "PATH", "queries for a --dataset file that has none")           \
    X(run, RUN_QUIET, "quiet", "", "no progress on stderr")                                        \
    X(run, RUN_RESUME, "resume", "",                                                               \
      "go on with the unfinished run of --out, or of the newest in build/records/")                \
    X(run, RUN_SEED, "seed", "S", "seed of everything random; 1 by default")                       \
    X(run, RUN_SET, "set", "NAME=VALUE", "change a setting of an experiment")                      \
    X(run, RUN_TEXT, "text", "FILE", "this text instead of the language model's own")              \
    X(run, RUN_THREADS, "threads", "N", "measure N threads instead of 1 and all")                  \
    X(seal, SEAL_KEY, "key", "FILE",                                                               \
      "sign with this secret key of attest keygen or minisign; without, the seal is UNSIGNED: it " \
      "detects accidents, not forgery")                                                            \
    X(seal, SEAL_PASSWORD, "password-file", "FILE",                                                \
      "the key's password is this file's first line, instead of being asked for")                  \
    X(selfcheck, SELFCHECK_FILTER, "filter", "REGEX",                                              \
      "only lines whose selfcheck/section/kernel/param=value/... matches")                         \
    X(selfcheck, SELFCHECK_OUT, "out", "FILE", "write the record here; build/records/ by default") \
    X(show, SHOW_CELL, "cell", "ID", "one cell with its raw samples")                              \
    X(show, SHOW_JSON, "json", "", "print JSON")                                                   \
    X(train, TRAIN_BATCH, "batch", "N", "sequences a step; 1 by default")                          \
    X(train, TRAIN_D_SEARCH, "d-search", "N,...",                                                  \
      "width of the search vectors, or one for each seed; 128 by default")                         \
    X(train, TRAIN_LAYERS, "layers", "N,...|all", "only these layers; all by default")             \
    X(train, TRAIN_MODEL, "model", "FILE",                                                         \
      "a GGUF file; by default the model that datasets/fetch-smollm2.sh fetched")                  \
    X(train, TRAIN_OUT, "out", "FILE", "write the projections here, a record")                     \
    X(train, TRAIN_QUIET, "quiet", "", "no progress on stderr")                                    \
    X(train, TRAIN_RATE, "rate", "X", "largest rate of learning; 1e-4 by default")                 \
    X(train, TRAIN_SEED, "seed", "S,...",                                                          \
      "seed of first weights and of the sequences' order, or several, or one for each width; 1 "   \
      "by default")                                                                                \
    X(train, TRAIN_SEQUENCES, "sequences", "N",                                                    \
      "only the first N sequences of the training text; 192 by default")                           \
    X(train, TRAIN_STEPS, "steps", "N", "steps of the optimiser; 1000 by default")                 \
    X(train, TRAIN_TEXT, "text", "FILE",                                                           \
      "this text; by default the training documents of the language model's own")                  \
    X(train, TRAIN_THREADS, "threads", "N", "threads, at most one a layer; all by default")        \
    X(train, TRAIN_TOKENS, "tokens", "N", "tokens a sequence; 1024 by default")                    \
    X(verify, VERIFY_CHAIN, "chain", "DIR",                                                        \
      "every record (*.h5) of this folder, and whether their seals form one unbroken line")        \
    X(verify, VERIFY_HEAD, "head", "HEX",                                                          \
      "the --chain must end in this seal; only a head noted elsewhere shows that the last record " \
      "was removed")                                                                               \
    X(verify, VERIFY_KEY, "key", "FILE",                                                           \
      "check signatures with this public key; may be repeated; an unsigned record then fails")     \
    X(verify, VERIFY_RERUN, "rerun", "",                                                           \
      "compute plan and outputs again here and compare cell by cell")                              \
    X(verify, VERIFY_VERBOSE, "verbose", "", "print the digests too")

enum option_id {
    OPTION_END = -1,
    OPTION_ERROR = -2,
    OPTION_HELP = 0,
#define X(command, id, name, argument, summary) OPTION_##id,
    OPTION_LIST(X)
#undef X
};

/* Next option of a command's own argv (argv[0] is the command's name); *value is its argument or
 * NULL. OPTION_END: the rest, from optind on, are operands.  OPTION_ERROR: status_set(ST_USAGE) was
 * done. */
enum option_id options_next(const char *command, int argc, char **argv, const char **value);

/* Help of one command, or of the whole program (NULL). */
void options_help(FILE *out, const char *command);

/* The whole table as tab-separated lines, for the man page and the completions. */
void options_table(FILE *out);

#endif
