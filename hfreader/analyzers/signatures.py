"""The tensor operations by torch's names, and the names of their arguments."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """The arguments of an operation: tensors by position, then settings by name. `rest`: any number of either."""

    operands: tuple[str, ...]
    keywords: tuple[str, ...]
    rest: bool = False


# One operation a line: operands | arguments that become keywords. `*` after the operands: further ones stay as they
# are; `*name`: the first argument is a sequence, and its elements are the operands.
_TABLE = """
matmul input other
baddbmm input batch1 batch2 | beta alpha
addmm input mat1 mat2 | beta alpha
einsum * | equation
linear input weight bias
bilinear input1 input2 weight bias
embedding input weight | padding_idx max_norm norm_type scale_grad_by_freq sparse
add input other | alpha
sub input other | alpha
mul input other
div input other | rounding_mode
floor_divide input other
remainder input other
pow input exponent
float_power input exponent
neg input
abs input
sign input
sqrt input
rsqrt input
square input
reciprocal input
exp input
exp2 input
expm1 input
log input
log2 input
log10 input
log1p input
sin input
cos input
tan input
asin input
acos input
atan input
atan2 input other
sinh input
cosh input
tanh input
sigmoid input
logsigmoid input
logit input | eps
erf input
erfinv input
floor input
ceil input
round input | decimals
frac input
isnan input
isinf input
isfinite input
nan_to_num input | nan posinf neginf
softmax input | dim dtype
log_softmax input | dim dtype
softmin input | dim dtype
gumbel_softmax logits | tau hard eps dim
relu input | inplace
relu6 input | inplace
leaky_relu input | negative_slope inplace
elu input | alpha inplace
selu input | inplace
celu input | alpha inplace
gelu input | approximate
silu input | inplace
mish input | inplace
softplus input | beta threshold
softsign input
hardtanh input | min_val max_val inplace
hardswish input | inplace
hardsigmoid input | inplace
tanhshrink input
glu input | dim
prelu input weight
logsumexp input | dim keepdim
sum input | dim keepdim dtype
mean input | dim keepdim dtype
prod input | dim keepdim dtype
var input | dim correction keepdim unbiased
std input | dim correction keepdim unbiased
norm input | p dim keepdim dtype
vector_norm input | ord dim keepdim dtype
normalize input | p dim eps
cosine_similarity x1 x2 | dim eps
cdist x1 x2 | p
layer_norm input | normalized_shape weight bias eps
rms_norm input | normalized_shape weight eps
group_norm input | num_groups weight bias eps
batch_norm input | running_mean running_var weight bias training momentum eps
instance_norm input | running_mean running_var weight bias use_input_stats momentum eps
max input | dim keepdim
min input | dim keepdim
amax input | dim keepdim
amin input | dim keepdim
argmax input | dim keepdim
argmin input | dim keepdim
maximum input other
minimum input other
median input | dim keepdim
sort input | dim descending stable
argsort input | dim descending stable
topk input | k dim largest sorted
kthvalue input | k dim keepdim
unique input | sorted return_inverse return_counts dim
unique_consecutive input | return_inverse return_counts dim
all input | dim keepdim
any input | dim keepdim
cumsum input | dim dtype
cumprod input | dim dtype
cummax input | dim
diff input | n dim prepend append
clamp input | min max
where condition input other
masked_fill input mask value
masked_scatter input mask source
masked_select input mask
gather input | dim index
scatter input | dim index src value reduce
scatter_add input | dim index src
scatter_reduce input | dim index src reduce include_self
index_select input | dim index
index_add input | dim index source alpha
index_copy input | dim index source
index_fill input | dim index value
index_put input | indices values accumulate
take_along_dim input indices | dim
bucketize input | boundaries out_int32 right
searchsorted sorted_sequence input | out_int32 right
one_hot input | num_classes
nonzero input | as_tuple
eq input other
ne input other
lt input other
le input other
gt input other
ge input other
isin elements test_elements
isclose input other | rtol atol equal_nan
logical_not input
logical_and input other
logical_or input other
logical_xor input other
bitwise_not input
bitwise_and input other
bitwise_or input other
bitwise_xor input other
view input *
reshape input *
view_as input other
reshape_as input other
permute input *
transpose input | dim0 dim1
movedim input | source destination
expand input *
expand_as input other
repeat input *
tile input *
repeat_interleave input | repeats dim output_size
squeeze input | dim
unsqueeze input | dim
flatten input | start_dim end_dim
unflatten input | dim sizes
contiguous input | memory_format
to input *
type input | dtype
type_as input other
float input
double input
half input
bfloat16 input
bool input
long input
int input
clone input | memory_format
detach input
requires_grad_ input | requires_grad
cpu input
cuda input
cat *tensors | dim
stack *tensors | dim
hstack *tensors
vstack *tensors
split input | split_size_or_sections dim
chunk input | chunks dim
unbind input | dim
tensor_split input | indices_or_sections dim
narrow input | dim start length
select input | dim index
roll input | shifts dims
as_strided input | size stride storage_offset
flip input *
rot90 input | k dims
tril input | diagonal
triu input | diagonal
diag input | diagonal
diagonal input | offset dim1 dim2
diag_embed input | offset dim1 dim2
outer input vec2
kron input other
dot input other
meshgrid * | indexing
unfold input *
fold input | output_size kernel_size dilation padding stride
pad input | pad mode value
interpolate input | size scale_factor mode align_corners recompute_scale_factor antialias
grid_sample input grid | mode padding_mode align_corners
affine_grid theta | size align_corners
pixel_shuffle input | upscale_factor
pixel_unshuffle input | downscale_factor
conv1d input weight bias | stride padding dilation groups
conv2d input weight bias | stride padding dilation groups
conv3d input weight bias | stride padding dilation groups
conv_transpose1d input weight bias | stride padding output_padding groups dilation
conv_transpose2d input weight bias | stride padding output_padding groups dilation
max_pool1d input | kernel_size stride padding dilation ceil_mode
max_pool2d input | kernel_size stride padding dilation ceil_mode
avg_pool1d input | kernel_size stride padding ceil_mode count_include_pad
avg_pool2d input | kernel_size stride padding ceil_mode count_include_pad divisor_override
adaptive_avg_pool1d input | output_size
adaptive_avg_pool2d input | output_size
adaptive_max_pool2d input | output_size
dropout input | p training inplace
dropout1d input | p training inplace
dropout2d input | p training inplace
scaled_dot_product_attention query key value attn_mask | dropout_p is_causal scale enable_gqa
multi_head_attention_forward query key value *
cross_entropy input target | weight size_average ignore_index reduce reduction label_smoothing
nll_loss input target | weight size_average ignore_index reduce reduction
mse_loss input target | size_average reduce reduction
l1_loss input target | size_average reduce reduction
smooth_l1_loss input target | size_average reduce reduction beta
huber_loss input target | reduction delta
kl_div input target | size_average reduce reduction log_target
binary_cross_entropy input target | weight size_average reduce reduction
binary_cross_entropy_with_logits input target | weight size_average reduce reduction pos_weight
ctc_loss log_probs targets input_lengths target_lengths | blank reduction zero_infinity
arange * | dtype device
linspace start end | steps dtype device
zeros * | dtype device requires_grad
ones * | dtype device requires_grad
empty * | dtype device requires_grad
rand * | dtype device
randn * | dtype device
full size fill_value | dtype device
eye * | dtype device
zeros_like input | dtype device
ones_like input | dtype device
empty_like input | dtype device
full_like input fill_value | dtype device
rand_like input | dtype device
randn_like input | dtype device
randint * | dtype device
new_zeros input *
new_ones input *
new_full input *
new_empty input *
new_tensor input *
tensor data | dtype device requires_grad
as_tensor data | dtype device
copy input other
fill input value
lerp input end weight
addcmul input tensor1 tensor2 | value
addcdiv input tensor1 tensor2 | value
multinomial input | num_samples replacement
bernoulli input | p
bincount input | weights minlength
histc input | bins min max
complex real imag
polar abs angle
view_as_complex input
view_as_real input
real input
imag input
conj input
angle input
fft input | n dim norm
ifft input | n dim norm
rfft input | n dim norm
irfft input | n dim norm
fft2 input | s dim norm
fftn input | s dim norm
ifftn input | s dim norm
rfft2 input | s dim norm
irfft2 input | s dim norm
stft input * | window
istft input * | window
associative_scan * | dim
numel input
item input
size input | dim
dim input
tolist input
is_floating_point input
"""


# Names that torch takes from NumPy beside its own.
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}


def _parse(table: str) -> dict[str, Signature]:
    signatures: dict[str, Signature] = {}
    for line in table.strip().splitlines():
        front, _, keywords = line.partition("|")
        name, *operands = front.split()
        rest = "*" in operands
        signatures[name] = Signature(tuple(one for one in operands if one != "*"), tuple(keywords.split()), rest)
    return signatures


SIGNATURES = _parse(_TABLE)
