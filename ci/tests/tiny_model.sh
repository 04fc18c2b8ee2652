# A tiny Llama model for shell tests: source this behind tap.sh and call tiny_model.
# shellcheck shell=bash

# tiny_model FILE layers=N heads=N [kv_heads=N] hidden=N ffn=N context=N tokens=A,B,... merges="A B,..."
#     [deviation=X] [text=FILE letters=ABC]
#
# Heads have hidden / heads dimensions.  Weights are random, of that standard deviation or all zero,
# those of norms 1.  text: a file of 4,000 random letters.  The same on each call; needs python3.
tiny_model() {
    python3 - "$@" <<'PY'
import random, struct, sys

def text(s):
    return struct.pack('<Q', len(s.encode())) + s.encode()

def u32(key, value):
    return text(key) + struct.pack('<II', 4, value)

def f32(key, value):
    return text(key) + struct.pack('<If', 6, value)

def string(key, value):
    return text(key) + struct.pack('<I', 8) + text(value)

def strings(key, values):
    return text(key) + struct.pack('<IIQ', 9, 8, len(values)) + b''.join(map(text, values))

random.seed(5)
given = dict(argument.split('=', 1) for argument in sys.argv[2:])
layers, heads, hidden, ffn = (int(given[name]) for name in ('layers', 'heads', 'hidden', 'ffn'))
kv = int(given.get('kv_heads', heads)) * hidden // heads
tokens = given['tokens'].split(',')
meta = [string('general.architecture', 'llama'), u32('llama.block_count', layers),
        u32('llama.attention.head_count', heads), u32('llama.embedding_length', hidden),
        u32('llama.feed_forward_length', ffn), u32('llama.context_length', int(given['context'])),
        f32('llama.attention.layer_norm_rms_epsilon', 1e-5),
        string('tokenizer.ggml.model', 'gpt2'), string('tokenizer.ggml.pre', 'gpt-2'),
        strings('tokenizer.ggml.tokens', tokens),
        strings('tokenizer.ggml.merges', given['merges'].split(','))]
if 'kv_heads' in given:
    meta.append(u32('llama.attention.head_count_kv', int(given['kv_heads'])))
shapes = {'token_embd.weight': (hidden, len(tokens)), 'output_norm.weight': (hidden,)}
for i in range(layers):
    block = {'attn_norm': (hidden,), 'ffn_norm': (hidden,), 'attn_q': (hidden, hidden),
             'attn_k': (hidden, kv), 'attn_v': (hidden, kv), 'attn_output': (hidden, hidden),
             'ffn_gate': (hidden, ffn), 'ffn_up': (hidden, ffn), 'ffn_down': (ffn, hidden)}
    shapes.update({f'blk.{i}.{name}.weight': shape for name, shape in block.items()})
deviation = float(given.get('deviation', 0))
table, data = b'', b''
for name, shape in shapes.items():
    table += text(name) + struct.pack(f'<I{len(shape)}QIQ', len(shape), *shape, 0, len(data))
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    values = [1.0] * count if len(shape) == 1 else [random.gauss(0, deviation) for _ in range(count)]
    data += struct.pack(f'<{count}f', *values)
    data += bytes(-len(data) % 32)
head = b'GGUF' + struct.pack('<IQQ', 3, len(shapes), len(meta)) + b''.join(meta) + table
open(sys.argv[1], 'wb').write(head + bytes(-len(head) % 32) + data)
if 'text' in given:
    open(given['text'], 'w').write(''.join(random.choices(given['letters'], k=4000)))
PY
}
