"""The weights of a GGUF that export.py (or its like) wrote, by the names of encoder.py: to go on from them."""
import gguf
import numpy as np
import torch

import encoder

HEAD = "troupe.choice.head"


def weights_of(path) -> dict:
    """Whoever goes on from Q8_0 begins a rounding away from what was trained."""
    reader = gguf.GGUFReader(str(path))
    found = {tensor.name: tensor for tensor in reader.tensors}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, encoder.LAYERS)
    weights = {}
    for name, shape in ((name, tensor.shape) for name, tensor in encoder.Chooser().state_dict().items() if name.startswith("bert.")):
        target = names.get_name(name.removeprefix("bert."), try_suffixes=(".weight", ".bias"))
        if target not in found:
            raise SystemExit(f"from_gguf: {path} has no tensor '{target}'; a GGUF of export.py has it")
        tensor = found[target]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(tuple(shape))
        weights[name] = torch.from_numpy(values.copy())
    field = reader.get_field(HEAD)
    if field is None:
        raise SystemExit(f"from_gguf: {path} has no {HEAD}; it is no choice model")
    head = np.array(field.contents(), dtype=np.float32)
    weights["head.weight"], weights["head.bias"] = torch.from_numpy(head[:-1].copy())[None], torch.from_numpy(head[-1:].copy())
    return weights
