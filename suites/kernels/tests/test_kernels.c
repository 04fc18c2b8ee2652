/* Every kernel of this machine against its operation's cases, every mutant against the judge;
 * rotations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../../../harness/judge/kernel.h"
#include "../../../harness/base/memory.h"
#include "../../../harness/judge/operation.h"
#include "../rotation.h"

static void kernels_pass(void **state) {
    (void)state;
    int verified = 0;
    for (size_t o = 0; operations[o] != NULL; o++) {
        for (size_t i = 0; kernels[i] != NULL; i++) {
            struct verification v;
            if (strcmp(kernels[i]->operation, operations[o]->name) != 0 ||
                kernel_unavailable(kernels[i]) != NULL) {
                continue;
            }
            assert_int_equal(operation_verify(operations[o], kernels[i], &v), ST_OK);
            if (v.verdict == VERDICT_FAIL) {
                print_error("%s: %s\n", kernels[i]->name, v.reason);
            }
            assert_int_not_equal(v.verdict, VERDICT_FAIL);
            verified++;
        }
    }
    assert_true(verified >= 5); /* the scalar rows and the libraries run everywhere */
}

static void mutants_fail(void **state) {
    (void)state;
    for (size_t o = 0; operations[o] != NULL; o++) {
        const struct mutant *m = operations[o]->mutants;
        assert_non_null(m->name);
        for (; m->name != NULL; m++) {
            struct verification v;
            assert_int_equal(operation_verify(operations[o], &m->kernel, &v), ST_OK);
            if (v.verdict != VERDICT_FAIL) {
                print_error("mutant %s/%s %s was accepted\n", operations[o]->name, m->name,
                            m->form);
            }
            assert_int_equal(v.verdict, VERDICT_FAIL);
            /* What is bent is seen itself, not only that the answer does not fit it any more. */
            if (m->kind == MUTANT_NAN_EXPECTATION) {
                assert_non_null(strstr(v.reason, "changed its input"));
            }
        }
    }
}

static void every_form_has_every_kind_of_mutant(void **state) {
    (void)state;
    for (size_t o = 0; operations[o] != NULL; o++) {
        const struct operation *op = operations[o];
        for (size_t f = 0; f < OPERATION_FORMS && op->forms[f] != NULL; f++) {
            if (operation_complete(op, op->forms[f]) != ST_OK) {
                fail_msg("%s", status_message());
            }
        }
        assert_non_null(op->forms[0]);
    }
}

static void every_kernel_has_an_operation(void **state) {
    (void)state;
    for (size_t i = 0; kernels[i] != NULL; i++) {
        bool found = false;
        for (size_t o = 0; operations[o] != NULL; o++) {
            found = found || strcmp(operations[o]->name, kernels[i]->operation) == 0;
        }
        assert_true(found);
        assert_ptr_equal(kernel_find(kernels[i]->name), kernels[i]);
    }
    assert_null(kernel_find("no/such"));
}

static void the_widest_of_a_family_is_found(void **state) {
    static const char family[] = "scores/int8_";
    const struct kernel *widest = kernel_widest(family);
    (void)state;
    assert_non_null(widest);
    for (size_t i = 0; kernels[i] != NULL; i++) {
        if (strncmp(kernels[i]->name, family, strlen(family)) == 0) {
            assert_true(kernels[i]->isa <= widest->isa || kernel_unavailable(kernels[i]) != NULL);
        }
    }
    assert_memory_equal(widest->name, family, strlen(family));
    assert_null(kernel_unavailable(widest));
    assert_null(kernel_widest("no/such"));
}

/* Applies the rotation to unit vectors: their images must be orthonormal. */
static void check_orthogonal(int32_t d, const char *kind) {
    struct rotation *r;
    assert_int_equal(rotation_new(d, 5, &r), ST_OK);
    assert_string_equal(rotation_kind(r), kind);
    size_t n = (size_t)d;
    float *unit = mem_alloc_array(n * n, sizeof *unit),
          *image = mem_alloc_array(n * n, sizeof *image);
    assert_non_null(unit);
    assert_non_null(image);
    for (size_t i = 0; i < n; i++) {
        unit[i * n + i] = 1;
    }
    rotation_apply_rows(r, unit, d, image, 2);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double dot = 0;
            for (size_t c = 0; c < n; c++) {
                dot += (double)image[i * n + c] * (double)image[j * n + c];
            }
            assert_true(fabs(dot - (i == j ? 1 : 0)) < 1e-5);
        }
    }
    mem_free(unit);
    mem_free(image);
    rotation_free(r);
}

static void rotations_are_orthogonal(void **state) {
    (void)state;
    check_orthogonal(1, "fwht");
    check_orthogonal(128, "fwht");
    check_orthogonal(97, "qr");
}

/* One axis must be spread over all dimensions: that is what the rotation is for. */
static void rotations_spread(void **state) {
    (void)state;
    for (int32_t d = 250; d <= 256; d += 6) {
        struct rotation *r;
        float in[256] = {1}, out[256];
        assert_int_equal(rotation_new(d, 1, &r), ST_OK);
        rotation_apply(r, in, out);
        double largest = 0;
        for (int32_t i = 0; i < d; i++) {
            largest = fmax(largest, fabs((double)out[i]));
        }
        assert_true(largest < 6 / sqrt((double)d));
        rotation_free(r);
    }
}

static void seeds_make_different_rotations(void **state) {
    (void)state;
    float in[64] = {1, 2, 3}, a[64], b[64], c[64];
    struct rotation *one, *two, *again;
    assert_int_equal(rotation_new(64, 1, &one), ST_OK);
    assert_int_equal(rotation_new(64, 2, &two), ST_OK);
    assert_int_equal(rotation_new(64, 1, &again), ST_OK);
    rotation_apply(one, in, a);
    rotation_apply(two, in, b);
    rotation_apply(again, in, c);
    assert_memory_equal(a, c, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
    rotation_free(one);
    rotation_free(two);
    rotation_free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_pass),
        cmocka_unit_test(mutants_fail),
        cmocka_unit_test(every_form_has_every_kind_of_mutant),
        cmocka_unit_test(every_kernel_has_an_operation),
        cmocka_unit_test(the_widest_of_a_family_is_found),
        cmocka_unit_test(rotations_are_orthogonal),
        cmocka_unit_test(rotations_spread),
        cmocka_unit_test(seeds_make_different_rotations),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
