/* Brute-force squared-L2 k-NN with fused top-k.
 *
 * Direct (a-b)^2 in f32: no norm expansion, so nothing cancels.  Two schedules, chosen by nq:
 *   scan  few queries: one warp a pair of rows, every base row read once from device memory for up
 * to 4 queries.  Bound by memory bandwidth. tile  many queries: 128 rows x 64 queries a block, 8 x
 * 8 sums a thread, operands in shared memory. Bound by arithmetic: one subtraction and one fma for
 * each (row, query, dimension). Distances never reach device memory: each block (tile) or warp
 * (scan) keeps its k smallest keys in shared memory, writes one list a query, and `merge` joins the
 * lists.  Within a schedule a distance is always summed in the same order, for every row and every
 * grid, so results are bit-reproducible.
 *
 * Layout on the device: rows and queries are padded with zeros to whole tiles (128 rows, 64
 * queries, 16 dimensions).  A zero against a zero adds nothing to a sum, padded rows and queries
 * are never offered to a list, and no load needs a bound.
 */
#include "l2_scan_cuda_f32.h"

#include <cuda_runtime.h>

#include <climits>
#include <cstdio>
#include <new>

#include "topk.h"

namespace {

enum { WARP = 32 };
enum { SCAN_WARPS = 16, SCAN_ROWS = 2, SCAN_QUERIES = 4, SCAN_MAX_NQ = 12 };
enum { TILE_THREADS = 128, TILE_WARPS = TILE_THREADS / WARP };
enum { TILE_ROWS = 128, TILE_QUERIES = 64, TILE_DEPTH = 16, QUADS = TILE_DEPTH / 4 };
enum { MERGE_MAX_WARPS = 32, MERGE_LISTS_PER_WARP = 4 };
/* Blocks a multiprocessor, as many as leave each thread registers enough: 4 (128 registers) spill
 * on sm_80. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
enum { TILE_BLOCKS = 4 };
#else
enum { TILE_BLOCKS = 3 };
#endif
const unsigned ALL_LANES = 0xffffffffu;

/* --- lists in shared memory ------------------------------------------------------------------ */

/* Inserts key into the warp's list; all lanes call it with the same key. */
__device__ void warp_insert(uint64_t *list, int k, uint64_t key, int lane) {
    uint64_t moved[TOPK_MAX / WARP];
#pragma unroll
    for (int i = 0; i < TOPK_MAX / WARP; i++)
        if (lane + i * WARP < k)
            moved[i] = topk_shifted(list, lane + i * WARP, key);
    __syncwarp();
#pragma unroll
    for (int i = 0; i < TOPK_MAX / WARP; i++)
        if (lane + i * WARP < k)
            list[lane + i * WARP] = moved[i];
    __syncwarp();
}

/* Offers one key a lane; TOPK_EMPTY is never taken.  Returns whether any key was below the
 * threshold. */
__device__ bool warp_offer(uint64_t *list, int k, uint64_t key, int lane) {
    unsigned pending = __ballot_sync(ALL_LANES, key < list[k - 1]);
    const bool any = pending != 0;
    while (pending != 0) {
        const uint64_t candidate = __shfl_sync(ALL_LANES, key, __ffs((int)pending) - 1);
        pending &= pending - 1;
        if (candidate < list[k - 1])
            warp_insert(list, k, candidate, lane);
    }
    return any;
}

/* Joins `count` lists of shared memory into out[k]; the whole block calls it. */
__device__ void block_join(const uint64_t *lists, int count, int stride, int k, uint64_t *out) {
    for (int i = threadIdx.x; i < k; i += blockDim.x)
        out[i] = TOPK_EMPTY;
    __syncthreads();
    for (int i = threadIdx.x; i < count * k; i += blockDim.x) {
        const uint64_t key = lists[i / k * stride + i % k];
        if (key == TOPK_EMPTY)
            continue;
        const int rank = topk_rank(lists, count, stride, k, key);
        if (rank < k)
            out[rank] = key;
    }
}

/* --- arithmetic ------------------------------------------------------------------------------ */

__device__ float add_square(float sum, float a, float b) {
    const float difference = a - b;
    return __fmaf_rn(difference, difference, sum);
}

__device__ float add_squares(float sum, float4 a, float4 b) {
    sum = add_square(sum, a.x, b.x);
    sum = add_square(sum, a.y, b.y);
    sum = add_square(sum, a.z, b.z);
    return add_square(sum, a.w, b.w);
}

/* Sum over the lanes; the butterfly gives every lane the same bits. */
__device__ float warp_sum(float v) {
#pragma unroll
    for (int step = WARP / 2; step > 0; step /= 2)
        v += __shfl_xor_sync(ALL_LANES, v, step);
    return v;
}

/* A load that leaves the first-level cache to the queries: a base row is read once. */
__device__ float4 load_once(const float4 *p) {
    float4 v;
    asm("ld.global.nc.L1::no_allocate.v4.f32 {%0, %1, %2, %3}, [%4];"
        : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
        : "l"(p));
    return v;
}

/* --- scan: few queries ----------------------------------------------------------------------- */

template <int Q>
__device__ void scan_accumulate(float (&sum)[SCAN_ROWS][Q], const float4 (&a)[SCAN_ROWS],
                                const float4 *query, int stride) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
        const float4 b = __ldg(query + (size_t)q * stride);
#pragma unroll
        for (int r = 0; r < SCAN_ROWS; r++)
            sum[r][q] = add_squares(sum[r][q], a[r], b);
    }
}

/* base (rows,stride) and queries (.,stride) in float4; width: float4 of a row that hold data.
 * partial (nq, gridDim.x, k).  Query group of Q: blockIdx.y. */
template <int Q>
__global__ void __launch_bounds__(SCAN_WARPS *WARP, 2)
    scan(const float4 *__restrict__ base, int n, int stride, int width,
         const float4 *__restrict__ queries, int nq, int k, uint64_t *__restrict__ partial) {
    extern __shared__ float4 shared[];
    uint64_t *const lists = reinterpret_cast<uint64_t *>(shared); /* (SCAN_WARPS, Q, k) */
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    uint64_t *const mine = lists + warp * Q * k;
    for (int i = lane; i < Q * k; i += WARP)
        mine[i] = TOPK_EMPTY;
    __syncwarp();

    const int first_query = blockIdx.y * Q;
    const float4 *const query = queries + (size_t)first_query * stride;
    const int groups = (n - 1) / SCAN_ROWS + 1;
    constexpr int ahead = Q == 1 ? 4 : 2; /* loads per row and round: as many as registers allow */
    for (int g = blockIdx.x * SCAN_WARPS + warp; g < groups; g += gridDim.x * SCAN_WARPS) {
        const float4 *const row = base + (size_t)g * SCAN_ROWS * stride;
        float sum[SCAN_ROWS][Q] = {};
        for (int start = lane; start < width; start += ahead * WARP) {
            /* All loads of the round are under way before the first is used. */
            float4 a[ahead][SCAN_ROWS];
#pragma unroll
            for (int i = 0; i < ahead; i++)
#pragma unroll
                for (int r = 0; r < SCAN_ROWS; r++)
                    if (start + i * WARP < width)
                        a[i][r] = load_once(row + (size_t)r * stride + start + i * WARP);
#pragma unroll
            for (int i = 0; i < ahead; i++)
                if (start + i * WARP < width)
                    scan_accumulate(sum, a[i], query + start + i * WARP, stride);
        }
#pragma unroll
        for (int q = 0; q < Q; q++)
#pragma unroll
            for (int r = 0; r < SCAN_ROWS; r++) {
                const float distance = warp_sum(sum[r][q]);
                const int id = g * SCAN_ROWS + r;
                if (id >= n || first_query + q >= nq)
                    continue;
                const uint64_t key = topk_key(distance, id);
                if (key < mine[q * k + k - 1])
                    warp_insert(mine + q * k, k, key, lane);
            }
    }
    __syncthreads();
    for (int q = 0; q < Q && first_query + q < nq; q++)
        block_join(lists + q * k, SCAN_WARPS, Q * k, k,
                   partial + ((size_t)(first_query + q) * gridDim.x + blockIdx.x) * k);
}

/* --- tile: many queries ---------------------------------------------------------------------- */

/* Operands are stored by dimension, so that a thread's 4 neighbouring rows are one 16-byte load; 4
 * words of padding spread the transposing stores over the banks.  Distances take the operands'
 * place once a tile's sums are complete. */
struct tile_operands {
    float rows[2][TILE_DEPTH][TILE_ROWS + 4];
    float queries[2][TILE_DEPTH][TILE_QUERIES + 4];
};
union tile_space {
    tile_operands in;
    float distance[TILE_QUERIES][TILE_ROWS];
};

/* A thread's share of one step's operands on their way from device to shared memory. */
struct tile_share {
    float4 rows[TILE_ROWS * QUADS / TILE_THREADS];
    float4 queries[TILE_QUERIES * QUADS / TILE_THREADS];
};

/* Four neighbouring threads read the 64 bytes that one row has in this step. */
__device__ void tile_fetch(tile_share &share, const float4 *rows, const float4 *queries, int stride,
                           int step) {
    const int line = threadIdx.x / QUADS;
    const int column = step * QUADS + threadIdx.x % QUADS;
#pragma unroll
    for (int i = 0; i < TILE_ROWS * QUADS / TILE_THREADS; i++)
        share.rows[i] = __ldg(rows + (size_t)(line + i * (TILE_THREADS / QUADS)) * stride + column);
#pragma unroll
    for (int i = 0; i < TILE_QUERIES * QUADS / TILE_THREADS; i++)
        share.queries[i] =
            __ldg(queries + (size_t)(line + i * (TILE_THREADS / QUADS)) * stride + column);
}

template <int LINES> __device__ void tile_transpose(float (*to)[LINES], int line, float4 v) {
    const int depth = threadIdx.x % QUADS * 4;
    to[depth + 0][line] = v.x;
    to[depth + 1][line] = v.y;
    to[depth + 2][line] = v.z;
    to[depth + 3][line] = v.w;
}

__device__ void tile_store(tile_operands &in, int buffer, const tile_share &share) {
    const int line = threadIdx.x / QUADS;
#pragma unroll
    for (int i = 0; i < TILE_ROWS * QUADS / TILE_THREADS; i++)
        tile_transpose(in.rows[buffer], line + i * (TILE_THREADS / QUADS), share.rows[i]);
#pragma unroll
    for (int i = 0; i < TILE_QUERIES * QUADS / TILE_THREADS; i++)
        tile_transpose(in.queries[buffer], line + i * (TILE_THREADS / QUADS), share.queries[i]);
}

/* Eight values of one dimension: 4 from the lower half of the line, 4 from the upper. */
__device__ void tile_operand(float (&v)[8], const float *line, int at, int half) {
    const float4 low = *reinterpret_cast<const float4 *>(line + at);
    const float4 high = *reinterpret_cast<const float4 *>(line + half + at);
    v[0] = low.x, v[1] = low.y, v[2] = low.z, v[3] = low.w;
    v[4] = high.x, v[5] = high.y, v[6] = high.z, v[7] = high.w;
}

__device__ void tile_accumulate(float (&sum)[8][8], const tile_operands &in, int buffer, int row,
                                int query) {
#pragma unroll
    for (int depth = 0; depth < TILE_DEPTH; depth++) {
        float a[8], b[8];
        tile_operand(a, in.rows[buffer][depth], row, TILE_ROWS / 2);
        tile_operand(b, in.queries[buffer][depth], query, TILE_QUERIES / 2);
#pragma unroll
        for (int q = 0; q < 8; q++)
#pragma unroll
            for (int r = 0; r < 8; r++)
                sum[q][r] = add_square(sum[q][r], a[r], b[q]);
    }
}

__device__ void tile_distances(float (*distance)[TILE_ROWS], const float (&sum)[8][8], int row,
                               int query) {
#pragma unroll
    for (int q = 0; q < 8; q++) {
        float *const line = distance[query + q % 4 + q / 4 * (TILE_QUERIES / 2)];
        *reinterpret_cast<float4 *>(line + row) =
            make_float4(sum[q][0], sum[q][1], sum[q][2], sum[q][3]);
        *reinterpret_cast<float4 *>(line + TILE_ROWS / 2 + row) =
            make_float4(sum[q][4], sum[q][5], sum[q][6], sum[q][7]);
    }
}

/* base (rows,stride), queries (.,stride) in float4; query tile: blockIdx.x; the row tiles are cut
 * into gridDim.y runs of nearly equal length, one a block.  partial (nq, gridDim.y, k). */
__global__ void __launch_bounds__(TILE_THREADS, TILE_BLOCKS)
    tile(const float4 *__restrict__ base, int n, int stride, const float4 *__restrict__ queries,
         int nq, int k, uint64_t *__restrict__ partial) {
    extern __shared__ float4 shared[];
    tile_space &space = *reinterpret_cast<tile_space *>(shared);
    /* (TILE_QUERIES, k); query q belongs to warp q % TILE_WARPS throughout. */
    uint64_t *const lists =
        reinterpret_cast<uint64_t *>(reinterpret_cast<char *>(shared) + sizeof(tile_space));
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    const int row = threadIdx.x % 16 * 4, query = threadIdx.x / 16 * 4;
    const int first_query = blockIdx.x * TILE_QUERIES;
    const int live_queries = min(TILE_QUERIES, nq - first_query);
    const float4 *const tile_queries = queries + (size_t)first_query * stride;
    const int steps = stride / QUADS;
    const int64_t tiles = (n - 1) / TILE_ROWS + 1;
    const int begin = (int)(tiles * blockIdx.y / gridDim.y);
    const int end = (int)(tiles * (blockIdx.y + 1) / gridDim.y);

    for (int q = warp; q < TILE_QUERIES; q += TILE_WARPS)
        for (int i = lane; i < k; i += WARP)
            lists[q * k + i] = TOPK_EMPTY;
    __syncwarp();

    for (int t = begin; t < end; t++) {
        const float4 *const tile_rows = base + (size_t)t * TILE_ROWS * stride;
        float sum[8][8] = {};
        tile_share share;
        tile_fetch(share, tile_rows, tile_queries, stride, 0);
        tile_store(space.in, 0, share);
        __syncthreads();
        for (int step = 0; step < steps; step++) {
            /* Reads one buffer while filling the other: one barrier a step is enough. */
            const bool more = step + 1 < steps;
            if (more)
                tile_fetch(share, tile_rows, tile_queries, stride, step + 1);
            tile_accumulate(sum, space.in, step % 2, row, query);
            if (more)
                tile_store(space.in, (step + 1) % 2, share);
            __syncthreads();
        }
        tile_distances(space.distance, sum, row, query);
        __syncthreads();
        for (int q = warp; q < live_queries; q += TILE_WARPS)
            for (int r = lane; r < TILE_ROWS; r += WARP) {
                const int64_t id = (int64_t)t * TILE_ROWS + r;
                const uint64_t key =
                    id < n ? topk_key(space.distance[q][r], (int32_t)id) : TOPK_EMPTY;
                warp_offer(lists + q * k, k, key, lane);
            }
        __syncthreads();
    }
    for (int q = warp; q < live_queries; q += TILE_WARPS)
        for (int i = lane; i < k; i += WARP)
            partial[((size_t)(first_query + q) * gridDim.y + blockIdx.y) * k + i] =
                lists[q * k + i];
}

/* --- merge ----------------------------------------------------------------------------------- */

/* One block a query: partial (nq, count, k), lists ascending -> ids (nq,k), dist (nq,k). */
__global__ void __launch_bounds__(MERGE_MAX_WARPS *WARP)
    merge(const uint64_t *__restrict__ partial, int count, int k, int32_t *__restrict__ ids,
          float *__restrict__ dist) {
    extern __shared__ float4 shared[];
    uint64_t *const lists = reinterpret_cast<uint64_t *>(shared); /* (warps, k) */
    __shared__ uint64_t best[TOPK_MAX];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    uint64_t *const mine = lists + warp * k;
    const uint64_t *const source = partial + (size_t)blockIdx.x * count * k;
    for (int i = lane; i < k; i += WARP)
        mine[i] = TOPK_EMPTY;
    __syncwarp();
    for (int i = warp; i < count; i += warps)
        for (int p = 0; p < k; p += WARP) {
            const uint64_t key = p + lane < k ? source[(size_t)i * k + p + lane] : TOPK_EMPTY;
            if (!warp_offer(mine, k, key, lane))
                break; /* ascending: nothing further on is smaller */
        }
    __syncthreads();
    block_join(lists, warps, k, k, best);
    __syncthreads();
    for (int i = threadIdx.x; i < k; i += blockDim.x) {
        ids[(size_t)blockIdx.x * k + i] = topk_id(best[i]);
        dist[(size_t)blockIdx.x * k + i] = topk_distance(best[i]);
    }
}

/* --- host ------------------------------------------------------------------------------------ */

/* Where failures are described; done() is false once a call has failed. */
struct complaint {
    char *why;
    size_t why_size;
    bool done(cudaError_t error, const char *what) const {
        if (error == cudaSuccess)
            return true;
        snprintf(why, why_size, "%s: %s", what, cudaGetErrorString(error));
        return false;
    }
};

size_t round_up(size_t v, size_t unit) { return (v + unit - 1) / unit * unit; }

/* What one search holds on the device; released on every way out. */
struct workspace {
    cudaStream_t stream = nullptr;
    cudaEvent_t start = nullptr, stop = nullptr;
    char *memory = nullptr;
    float4 *queries = nullptr;
    uint64_t *partial = nullptr;
    int32_t *ids = nullptr;
    float *dist = nullptr;

    workspace() = default;
    workspace(const workspace &) = delete;
    workspace &operator=(const workspace &) = delete;
    ~workspace() {
        if (stream != nullptr)
            cudaStreamSynchronize(stream);
        cudaFree(memory);
        if (stop != nullptr)
            cudaEventDestroy(stop);
        if (start != nullptr)
            cudaEventDestroy(start);
        if (stream != nullptr)
            cudaStreamDestroy(stream);
    }

    bool open(const complaint &c, size_t query_bytes, size_t lists, size_t answers) {
        const size_t partial_at = round_up(query_bytes, 256);
        const size_t ids_at = partial_at + round_up(lists * sizeof(uint64_t), 256);
        const size_t dist_at = ids_at + round_up(answers * sizeof(int32_t), 256);
        const size_t bytes = dist_at + answers * sizeof(float);
        char what[64];
        snprintf(what, sizeof what, "cudaMalloc of %zu bytes for a search", bytes);
        if (!c.done(cudaMalloc(&memory, bytes), what) ||
            !c.done(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                    "cudaStreamCreate") ||
            !c.done(cudaEventCreate(&start), "cudaEventCreate") ||
            !c.done(cudaEventCreate(&stop), "cudaEventCreate"))
            return false;
        queries = reinterpret_cast<float4 *>(memory);
        partial = reinterpret_cast<uint64_t *>(memory + partial_at);
        ids = reinterpret_cast<int32_t *>(memory + ids_at);
        dist = reinterpret_cast<float *>(memory + dist_at);
        return true;
    }
};

/* How a search is laid out on the device. */
struct schedule {
    bool scans;
    int group;      /* queries that one block answers */
    int groups;     /* of queries */
    int partitions; /* of the rows: lists per query before the merge */
    size_t shared_bytes;
};

} /* namespace */

struct l2_cuda {
    float4 *rows;
    int n;
    int d;
    int stride; /* float4 per padded row */
    int multiprocessors;
};

namespace {

size_t scan_shared_bytes(int group, int k) {
    return (size_t)SCAN_WARPS * group * k * sizeof(uint64_t);
}

size_t tile_shared_bytes(int k) {
    return sizeof(tile_space) + (size_t)TILE_QUERIES * k * sizeof(uint64_t);
}

/* Blocks of a kernel that the device runs at once.  Always raises the limit of shared memory to
 * what the largest k needs, so that concurrent searches never lower it for each other. */
template <typename Kernel>
bool resident_blocks(const complaint &c, const l2_cuda &index, Kernel kernel, int threads,
                     size_t most_shared_bytes, size_t shared_bytes, int *blocks) {
    int each = 0;
    if (!c.done(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                     (int)most_shared_bytes),
                "cudaFuncSetAttribute(shared memory)") ||
        !c.done(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel, threads, shared_bytes),
                "cudaOccupancyMaxActiveBlocksPerMultiprocessor"))
        return false;
    *blocks = (each > 0 ? each : 1) * index.multiprocessors;
    return true;
}

/* The number of partitions with the least time, counted in tiles: rounds of resident blocks times
 * the tiles of the longest block, plus what starting a block and its lists costs. */
int best_partitions(int64_t tiles, int64_t groups, int64_t resident) {
    const int64_t block_cost = 2;
    const int64_t most = tiles < 4 * resident ? tiles : 4 * resident;
    int64_t best = 1, best_cost = INT64_MAX;
    for (int64_t p = 1; p <= most; p++) {
        const int64_t rounds = (p * groups + resident - 1) / resident;
        const int64_t cost = rounds * ((tiles + p - 1) / p + block_cost);
        if (cost < best_cost) {
            best_cost = cost;
            best = p;
        }
    }
    return (int)best;
}

bool plan_scan(const complaint &c, const l2_cuda &index, int nq, int k, schedule *s) {
    s->scans = true;
    s->group = nq == 1 ? 1 : SCAN_QUERIES;
    s->groups = (nq + s->group - 1) / s->group;
    s->shared_bytes = scan_shared_bytes(s->group, k);
    const size_t most = scan_shared_bytes(s->group, TOPK_MAX);
    int resident = 0;
    if (!(s->group == 1 ? resident_blocks(c, index, scan<1>, SCAN_WARPS * WARP, most,
                                          s->shared_bytes, &resident)
                        : resident_blocks(c, index, scan<SCAN_QUERIES>, SCAN_WARPS * WARP, most,
                                          s->shared_bytes, &resident)))
        return false;
    const int rows = SCAN_WARPS * SCAN_ROWS;
    const int useful = (index.n - 1) / rows + 1;
    const int share = resident / s->groups > 0 ? resident / s->groups : 1;
    s->partitions = share < useful ? share : useful;
    return true;
}

bool plan_tile(const complaint &c, const l2_cuda &index, int nq, int k, schedule *s) {
    s->scans = false;
    s->group = TILE_QUERIES;
    s->groups = (nq - 1) / TILE_QUERIES + 1;
    s->shared_bytes = tile_shared_bytes(k);
    int resident = 0;
    if (!resident_blocks(c, index, tile, TILE_THREADS, tile_shared_bytes(TOPK_MAX), s->shared_bytes,
                         &resident))
        return false;
    s->partitions = best_partitions((index.n - 1) / TILE_ROWS + 1, s->groups, resident);
    return true;
}

/* Enqueues the search proper on the workspace's stream. */
bool launch(const complaint &c, const l2_cuda &index, const schedule &s, int nq, int k,
            const workspace &w) {
    const int width = (index.d - 1) / 4 + 1;
    const dim3 scan_grid(s.partitions, s.groups), tile_grid(s.groups, s.partitions);
    if (!s.scans)
        tile<<<tile_grid, TILE_THREADS, s.shared_bytes, w.stream>>>(
            index.rows, index.n, index.stride, w.queries, nq, k, w.partial);
    else if (s.group == 1)
        scan<1><<<scan_grid, SCAN_WARPS * WARP, s.shared_bytes, w.stream>>>(
            index.rows, index.n, index.stride, width, w.queries, nq, k, w.partial);
    else
        scan<SCAN_QUERIES><<<scan_grid, SCAN_WARPS * WARP, s.shared_bytes, w.stream>>>(
            index.rows, index.n, index.stride, width, w.queries, nq, k, w.partial);
    if (!c.done(cudaGetLastError(), s.scans ? "launch of scan" : "launch of tile"))
        return false;
    int warps = (s.partitions - 1) / MERGE_LISTS_PER_WARP + 1;
    warps = warps < MERGE_MAX_WARPS ? warps : MERGE_MAX_WARPS;
    merge<<<nq, warps * WARP, (size_t)warps * k * sizeof(uint64_t), w.stream>>>(
        w.partial, s.partitions, k, w.ids, w.dist);
    return c.done(cudaGetLastError(), "launch of merge");
}

/* Copies lines of d floats into zeroed, padded lines of the device. */
bool upload(const complaint &c, float4 *to, size_t padded_lines, int stride, const float *from,
            size_t lines, int d, cudaStream_t stream) {
    const size_t pitch = (size_t)stride * sizeof(float4), row_bytes = (size_t)d * sizeof(float);
    return c.done(cudaMemsetAsync(to, 0, padded_lines * pitch, stream), "cudaMemset") &&
           c.done(cudaMemcpy2DAsync(to, pitch, from, row_bytes, row_bytes, lines,
                                    cudaMemcpyHostToDevice, stream),
                  "copy to the device") &&
           c.done(cudaStreamSynchronize(stream), "copy to the device");
}

} /* namespace */

bool l2_cuda_build(const float *rows, int64_t n, int32_t d, l2_cuda **index, char *why,
                   size_t why_size) {
    const complaint c = {why, why_size};
    *index = nullptr;
    /* Row ids and the loop counters of the device are 32-bit. */
    if (n < 1 || n > INT32_MAX - TILE_ROWS || d < 1 || d > INT32_MAX - TILE_DEPTH) {
        snprintf(why, why_size, "%lld rows of %d dimensions do not fit 32-bit indices",
                 (long long)n, (int)d);
        return false;
    }
    const size_t stride = round_up((size_t)d, TILE_DEPTH) / 4;
    const size_t lines = round_up((size_t)n, TILE_ROWS);
    size_t bytes = 0;
    char what[96];
    if (__builtin_mul_overflow(lines, stride * sizeof(float4), &bytes)) {
        snprintf(why, why_size, "%zu rows of %d dimensions exceed the address space", lines,
                 (int)d);
        return false;
    }
    l2_cuda *const fresh = new (std::nothrow) l2_cuda();
    if (fresh == nullptr) {
        snprintf(why, why_size, "no memory for an index");
        return false;
    }
    fresh->n = (int)n;
    fresh->d = d;
    fresh->stride = (int)stride;
    snprintf(what, sizeof what, "cudaMalloc of %zu bytes for the base", bytes);
    if (!c.done(cudaDeviceGetAttribute(&fresh->multiprocessors, cudaDevAttrMultiProcessorCount, 0),
                "cudaDeviceGetAttribute") ||
        !c.done(cudaMalloc(&fresh->rows, bytes), what) ||
        !upload(c, fresh->rows, lines, fresh->stride, rows, (size_t)n, d, cudaStreamPerThread)) {
        l2_cuda_destroy(fresh);
        return false;
    }
    *index = fresh;
    return true;
}

bool l2_cuda_search(const l2_cuda *index, const float *queries, int64_t nq, int32_t k, int32_t *ids,
                    float *dist, double *seconds, char *why, size_t why_size) {
    const complaint c = {why, why_size};
    if (nq < 1 || nq > INT32_MAX - TILE_QUERIES || k < 1 || k > TOPK_MAX || k > index->n) {
        snprintf(why, why_size, "no search for k = %d of %lld queries", (int)k, (long long)nq);
        return false;
    }
    const size_t lines = round_up((size_t)nq, TILE_QUERIES), answers = (size_t)nq * (size_t)k;
    const int count = (int)nq;
    schedule s;
    workspace w;
    float milliseconds = 0;
    if (!(nq <= SCAN_MAX_NQ ? plan_scan(c, *index, count, k, &s)
                            : plan_tile(c, *index, count, k, &s)) ||
        !w.open(c, lines * (size_t)index->stride * sizeof(float4), answers * (size_t)s.partitions,
                answers) ||
        !upload(c, w.queries, lines, index->stride, queries, (size_t)nq, index->d, w.stream) ||
        !c.done(cudaEventRecord(w.start, w.stream), "cudaEventRecord") ||
        !launch(c, *index, s, count, k, w) ||
        !c.done(cudaEventRecord(w.stop, w.stream), "cudaEventRecord") ||
        !c.done(cudaStreamSynchronize(w.stream), "search on the device") ||
        !c.done(cudaEventElapsedTime(&milliseconds, w.start, w.stop), "cudaEventElapsedTime") ||
        !c.done(
            cudaMemcpyAsync(ids, w.ids, answers * sizeof *ids, cudaMemcpyDeviceToHost, w.stream),
            "copy of ids") ||
        !c.done(
            cudaMemcpyAsync(dist, w.dist, answers * sizeof *dist, cudaMemcpyDeviceToHost, w.stream),
            "copy of distances") ||
        !c.done(cudaStreamSynchronize(w.stream), "copy of the answers"))
        return false;
    *seconds = (double)milliseconds * 1e-3;
    return true;
}

void l2_cuda_destroy(l2_cuda *index) {
    if (index == nullptr)
        return;
    cudaFree(index->rows);
    delete index;
}

int64_t l2_cuda_rows(const l2_cuda *index) { return index->n; }
int32_t l2_cuda_dimensions(const l2_cuda *index) { return index->d; }
