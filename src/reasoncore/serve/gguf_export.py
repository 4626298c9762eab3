"""A checkpoint as one GGUF file for llama.cpp, Ollama and LM Studio.

Names and layout are llama.cpp's. Matrices become float16, or Q8_0 in blocks of 32; vectors stay float32. Llama's
queries and keys are reordered, because llama.cpp rotates neighbouring pairs where Hugging Face rotates halves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from safetensors import safe_open

from reasoncore.errors import CheckpointError, UserInputError
from reasoncore.model.config import ModelConfig, read_config
from reasoncore.model.tokenizer import load_tokenizer
from reasoncore.model.weight_files import weight_files
from reasoncore.model.weights import read_tensors
from reasoncore.serve.gguf_tokenizer import gguf_tokenizer

if TYPE_CHECKING:
    from gguf import GGUFWriter

FileType = Literal["f16", "q8_0"]
_BLOCK = 32


def export_gguf(folder: Path, out: Path, file_type: FileType, name: str) -> None:
    """Write the file; it gets its name when it is whole.

    Args:
        folder: The checkpoint.
        out: The file.
        name: What the model is called in it.

    Raises:
        CheckpointError: The checkpoint cannot be read, or has something that GGUF does not say.
        UserInputError: The ``gguf`` package is missing, or the file cannot be written.
    """
    try:
        from gguf import GGUFWriter
    except ImportError as error:
        raise UserInputError(
            "export: gguf is not installed", "Install it in reasoncore's own folder: pip install --editable '.[gguf]'"
        ) from error
    config = read_config(folder)
    if file_type == "q8_0":
        _check_blocks(config)
    partial = out.with_name(f".{out.name}.part")
    try:
        writer = GGUFWriter(partial, config.model_type)
        _add_metadata(writer, folder, config, file_type, name)
        extra = _rope_factors(config)
        for tensor, shape in _shapes(folder, config):
            size, kind, dtype = _stored(shape, file_type)
            writer.add_tensor_info(_gguf_name(tensor, config), shape, dtype, size, kind)
        if extra is not None:
            writer.add_tensor_info("rope_freqs.weight", extra.shape, extra.dtype, extra.nbytes)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor, values in _tensors(folder, config):
            writer.write_tensor_data(_encoded(_reordered(tensor, values, config), file_type))
        if extra is not None:
            writer.write_tensor_data(extra)
        writer.close()
        partial.replace(out)
    except OSError as error:
        raise UserInputError(f"{out}: cannot be written ({error.strerror})", "Choose another place.") from error
    finally:
        partial.unlink(missing_ok=True)


def _check_blocks(config: ModelConfig) -> None:
    widths = {
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_attention_heads x head_dim": config.num_attention_heads * config.head_dim,
    }
    for what, width in widths.items():
        if width % _BLOCK:
            raise CheckpointError(f"{what} is {width}, which is no multiple of {_BLOCK}", "Use --type f16.")


def _add_metadata(writer: GGUFWriter, folder: Path, config: ModelConfig, file_type: FileType, name: str) -> None:
    from gguf import GGML_QUANT_VERSION, LlamaFileType

    writer.add_name(name)
    writer.add_file_type(LlamaFileType.MOSTLY_F16 if file_type == "f16" else LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(GGML_QUANT_VERSION)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    tokenizer = load_tokenizer(folder, config.vocab_size)
    own = gguf_tokenizer(tokenizer, config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(own.pre)
    writer.add_token_list(own.tokens)
    writer.add_token_types(own.types)
    writer.add_token_merges(own.merges)
    writer.add_eos_token_id(tokenizer.turn_end_id)
    writer.add_eot_token_id(tokenizer.turn_end_id)
    if tokenizer.hf.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.hf.bos_token_id)
    if tokenizer.hf.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.hf.pad_token_id)
    writer.add_add_bos_token(False)  # the chat template has it where it is wanted
    writer.add_chat_template(str(tokenizer.hf.chat_template))


def _gguf_name(tensor: str, config: ModelConfig) -> str:
    from gguf import MODEL_ARCH, get_tensor_name_map

    architecture = {"qwen2": MODEL_ARCH.QWEN2, "qwen3": MODEL_ARCH.QWEN3, "llama": MODEL_ARCH.LLAMA}[config.model_type]
    found = get_tensor_name_map(architecture, config.num_hidden_layers).get_name(tensor, (".weight", ".bias"))
    if found is None:
        raise CheckpointError(f"tensor {tensor}: GGUF has no name for it", "Convert it with llama.cpp's own script.")
    return found


def _is_exported(tensor: str, config: ModelConfig) -> bool:
    return not (tensor == "lm_head.weight" and config.tie_word_embeddings)


def _shapes(folder: Path, config: ModelConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    for path in weight_files(folder):
        with safe_open(path, framework="pt") as reader:
            for tensor in reader.keys():  # noqa: SIM118 (not a dict)
                if _is_exported(tensor, config):
                    yield tensor, tuple(reader.get_slice(tensor).get_shape())


def _tensors(folder: Path, config: ModelConfig) -> Iterator[tuple[str, np.ndarray]]:
    for path in weight_files(folder):
        for tensor, values in read_tensors(path):
            if _is_exported(tensor, config):
                yield tensor, values.float().numpy()


def _stored(shape: tuple[int, ...], file_type: FileType) -> tuple[int, Any, np.dtype[Any]]:
    """Bytes, GGUF's type and numpy's of a tensor of this shape."""
    from gguf import GGMLQuantizationType

    count = math.prod(shape)
    if len(shape) == 1:
        return 4 * count, GGMLQuantizationType.F32, np.dtype(np.float32)
    if file_type == "f16":
        return 2 * count, GGMLQuantizationType.F16, np.dtype(np.float16)
    return count // _BLOCK * (2 + _BLOCK), GGMLQuantizationType.Q8_0, np.dtype(np.float16)


def _encoded(values: np.ndarray, file_type: FileType) -> np.ndarray:
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    if values.ndim == 1:
        return values
    return quantize(values, GGMLQuantizationType.F16 if file_type == "f16" else GGMLQuantizationType.Q8_0)


def _reordered(tensor: str, values: np.ndarray, config: ModelConfig) -> np.ndarray:
    """Rows of a Llama's queries and keys so that the two halves of a head alternate."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(tensor.split(".")[-2])
    if config.model_type != "llama" or heads is None:
        return values
    halves = values.reshape(heads, 2, config.head_dim // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def _rope_factors(config: ModelConfig) -> np.ndarray | None:
    """What each frequency is divided by under Llama 3's scaling; None without it."""
    rope = config.rope_parameters
    if rope["rope_type"] != "llama3":
        return None
    exponents = np.arange(0, config.head_dim, 2, dtype=np.float64) / config.head_dim
    wavelength = 2 * np.pi * rope["rope_theta"] ** exponents
    turns = rope["original_max_position_embeddings"] / wavelength
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
