"""The papers that several concepts cite."""

from dataclasses import replace

from hfreader.concepts.model import Citation

TRANSFORMER = Citation(
    "Attention Is All You Need",
    "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin",
    2017,
    "1706.03762",
)
BERT = Citation(
    "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    "Devlin, Chang, Lee, Toutanova",
    2018,
    "1810.04805",
)
GPT = Citation(
    "Improving Language Understanding by Generative Pre-Training", "Radford, Narasimhan, Salimans, Sutskever", 2018
)
GPT_2 = Citation(
    "Language Models are Unsupervised Multitask Learners", "Radford, Wu, Child, Luan, Amodei, Sutskever", 2019
)
LAYER_NORM_PAPER = Citation("Layer Normalization", "Ba, Kiros, Hinton", 2016, "1607.06450")
RMS_NORM = Citation("Root Mean Square Layer Normalization", "Zhang, Sennrich", 2019, "1910.07467")
MAMBA_2 = Citation(
    "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality",
    "Dao, Gu",
    2024,
    "2405.21060",
)
GEMMA = Citation("Gemma: Open Models Based on Gemini Research and Technology", "Gemma Team", 2024, "2403.08295")
GATED_DELTA_NET = Citation(
    "Gated Delta Networks: Improving Mamba2 with Delta Rule", "Yang, Kautz, Hatamizadeh", 2024, "2412.06464"
)
GLU_VARIANTS = Citation("GLU Variants Improve Transformer", "Shazeer", 2020, "2002.05202")
MIXTRAL = Citation("Mixtral of Experts", "Jiang et al.", 2024, "2401.04088")
GELU_PAPER = Citation("Gaussian Error Linear Units (GELUs)", "Hendrycks, Gimpel", 2016, "1606.08415")
RESNET = Citation("Deep Residual Learning for Image Recognition", "He, Zhang, Ren, Sun", 2015, "1512.03385")
BATCH_NORM_PAPER = Citation(
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "Ioffe, Szegedy",
    2015,
    "1502.03167",
)
PRE_NORM = Citation("On Layer Normalization in the Transformer Architecture", "Xiong et al.", 2020, "2002.04745")
CONV_SEQ2SEQ = Citation(
    "Convolutional Sequence to Sequence Learning", "Gehring, Auli, Grangier, Yarats, Dauphin", 2017, "1705.03122"
)
TIED = Citation("Using the Output Embedding to Improve Language Models", "Press, Wolf", 2016, "1608.05859")
VIT = Citation(
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "Dosovitskiy et al.",
    2020,
    "2010.11929",
)
VIVIT = Citation(
    "ViViT: A Video Vision Transformer", "Arnab, Dehghani, Heigold, Sun, Lučić, Schmid", 2021, "2103.15691"
)

VIT = Citation(
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "Dosovitskiy et al.",
    2020,
    "2010.11929",
)
COGVIEW = Citation("CogView: Mastering Text-to-Image Generation via Transformers", "Ding et al.", 2021, "2105.13290")
GEMMA_2 = Citation("Gemma 2: Improving Open Language Models at a Practical Size", "Gemma Team", 2024, "2408.00118")
OLMO_2 = Citation("2 OLMo 2 Furious", "OLMo Team", 2024, "2501.00656")
SWIN_V2 = Citation("Swin Transformer V2: Scaling Up Capacity and Resolution", "Liu et al.", 2021, "2111.09883")
PALM = Citation("PaLM: Scaling Language Modeling with Pathways", "Chowdhery et al.", 2022, "2204.02311")
GPT_NEOX = Citation("GPT-NeoX-20B: An Open-Source Autoregressive Language Model", "Black et al.", 2022, "2204.06745")
CONFORMER = Citation(
    "Conformer: Convolution-augmented Transformer for Speech Recognition", "Gulati et al.", 2020, "2005.08100"
)
T5 = Citation(
    "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
    "Raffel et al.",
    2019,
    "1910.10683",
)
CLIP = Citation(
    "Learning Transferable Visual Models From Natural Language Supervision", "Radford et al.", 2021, "2103.00020"
)
MOBILE_BERT = Citation(
    "MobileBERT: a Compact Task-Agnostic BERT for Resource-Limited Devices",
    "Sun, Yu, Song, Liu, Yang, Zhou",
    2020,
    "2004.02984",
)
DETR = Citation("End-to-End Object Detection with Transformers", "Carion et al.", 2020, "2005.12872")
LLAVA = Citation("Visual Instruction Tuning", "Liu et al.", 2023, "2304.08485")

ROFORMER = Citation(
    "RoFormer: Enhanced Transformer with Rotary Position Embedding",
    "Su, Lu, Pan, Murtadha, Wen, Liu",
    2021,
    "2104.09864",
)
GQA = Citation(
    "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
    "Ainslie, Lee-Thorp, de Jong, Zemlyanskiy, Lebrón, Sanghai",
    2023,
    "2305.13245",
)
MULTI_QUERY = Citation("Fast Transformer Decoding: One Write-Head is All You Need", "Shazeer", 2019, "1911.02150")
LLAMA = Citation("LLaMA: Open and Efficient Foundation Language Models", "Touvron et al.", 2023, "2302.13971")
LONGFORMER = Citation("Longformer: The Long-Document Transformer", "Beltagy, Peters, Cohan", 2020, "2004.05150")
SHAW = Citation("Self-Attention with Relative Position Representations", "Shaw, Uszkoreit, Vaswani", 2018, "1803.02155")
SWIN = Citation(
    "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", "Liu et al.", 2021, "2103.14030"
)

DPT = Citation("Vision Transformers for Dense Prediction", "Ranftl, Bochkovskiy, Koltun", 2021, "2103.13413")
BIG_VGAN = Citation(
    "BigVGAN: A Universal Neural Vocoder with Large-Scale Training",
    "Lee, Ping, Ginsburg, Catanzaro, Yoon",
    2022,
    "2206.04658",
    "§3",
)


def at(paper: Citation, where: str) -> Citation:
    """A place in a paper: section and equation."""
    return replace(paper, where=where)
