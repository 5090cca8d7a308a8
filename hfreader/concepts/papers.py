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


def at(paper: Citation, where: str) -> Citation:
    """A place in a paper: section and equation."""
    return replace(paper, where=where)
