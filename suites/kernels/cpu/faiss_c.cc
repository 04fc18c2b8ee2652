/* The functions of the official FAISS C interface that this project calls, for systems whose
 * libfaiss comes without them (Debian ships the C headers and no C symbols).  Left out of the build
 * where a libfaiss_c is found.  Behaviour as documented in those headers: 0, or a code whose text
 * faiss_get_last_error() tells. */
#include <faiss/IndexFlat.h>
#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/error_c.h>

#include <exception>
#include <string>

namespace {

thread_local std::string last_error;

template <typename Body> int guarded(Body body) {
    try {
        body();
        return 0;
    } catch (const std::exception &e) {
        last_error = e.what();
        return STD_EXCEPT;
    } catch (...) {
        last_error = "unknown exception";
        return UNKNOWN_EXCEPT;
    }
}

faiss::Index *native(FaissIndex *index) { return reinterpret_cast<faiss::Index *>(index); }

const faiss::Index *native(const FaissIndex *index) {
    return reinterpret_cast<const faiss::Index *>(index);
}

} // namespace

extern "C" {

const char *faiss_get_last_error() { return last_error.c_str(); }

int faiss_IndexFlatL2_new_with(FaissIndexFlatL2 **p_index, idx_t d) {
    return guarded(
        [&] { *p_index = reinterpret_cast<FaissIndexFlatL2 *>(new faiss::IndexFlatL2(d)); });
}

int faiss_Index_add(FaissIndex *index, idx_t n, const float *x) {
    return guarded([&] { native(index)->add(n, x); });
}

int faiss_Index_search(const FaissIndex *index, idx_t n, const float *x, idx_t k, float *distances,
                       idx_t *labels) {
    return guarded([&] { native(index)->search(n, x, k, distances, labels); });
}

void faiss_Index_free(FaissIndex *index) { delete native(index); }
}
