"""The sources that the methods text names, as BibTeX; `Author Year` in a text is one of them."""

from __future__ import annotations

import re

# author and year as the text has them -> key and entry
SOURCES: dict[str, tuple[str, str]] = {
    "Angelopoulos et al. 2023": ("angelopoulos2023ppi", """@article{angelopoulos2023ppi,
  author  = {Angelopoulos, Anastasios N. and Bates, Stephen and Fannjiang, Clara and Jordan,
             Michael I. and Zrnic, Tijana},
  title   = {Prediction-powered inference},
  journal = {Science},
  volume  = {382},
  number  = {6671},
  pages   = {669--674},
  year    = {2023},
  doi     = {10.1126/science.adi6000}
}"""),
    "Benjamini & Hochberg 1995": ("benjamini1995fdr", """@article{benjamini1995fdr,
  author  = {Benjamini, Yoav and Hochberg, Yosef},
  title   = {Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple
             Testing},
  journal = {Journal of the Royal Statistical Society: Series B},
  volume  = {57},
  number  = {1},
  pages   = {289--300},
  year    = {1995}
}"""),
    "Cliff 1993": ("cliff1993dominance", """@article{cliff1993dominance,
  author  = {Cliff, Norman},
  title   = {Dominance statistics: Ordinal analyses to answer ordinal questions},
  journal = {Psychological Bulletin},
  volume  = {114},
  number  = {3},
  pages   = {494--509},
  year    = {1993},
  doi     = {10.1037/0033-2909.114.3.494}
}"""),
    "DerSimonian & Laird 1986": ("dersimonian1986meta", """@article{dersimonian1986meta,
  author  = {DerSimonian, Rebecca and Laird, Nan},
  title   = {Meta-analysis in clinical trials},
  journal = {Controlled Clinical Trials},
  volume  = {7},
  number  = {3},
  pages   = {177--188},
  year    = {1986},
  doi     = {10.1016/0197-2456(86)90046-2}
}"""),
    "Gabriel et al. 2024": ("gabriel2024relate", """@inproceedings{gabriel2024relate,
  author    = {Gabriel, Saadia and Puri, Isha and Xu, Xuhai and Malgaroli, Matteo and Ghassemi,
               Marzyeh},
  title     = {Can {AI} Relate: Testing Large Language Model Response for Mental Health Support},
  booktitle = {Findings of the Association for Computational Linguistics: {EMNLP} 2024},
  year      = {2024},
  doi       = {10.18653/v1/2024.findings-emnlp.120}
}"""),
    "Clopper & Pearson 1934": ("clopper1934confidence", """@article{clopper1934confidence,
  author  = {Clopper, C. J. and Pearson, E. S.},
  title   = {The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial},
  journal = {Biometrika},
  volume  = {26},
  number  = {4},
  pages   = {404--413},
  year    = {1934},
  doi     = {10.1093/biomet/26.4.404}
}"""),
    "Games & Howell 1976": ("games1976pairwise", """@article{games1976pairwise,
  author  = {Games, Paul A. and Howell, John F.},
  title   = {Pairwise Multiple Comparison Procedures with Unequal N's and/or Variances: A {Monte}
             {Carlo} Study},
  journal = {Journal of Educational Statistics},
  volume  = {1},
  number  = {2},
  pages   = {113--125},
  year    = {1976},
  doi     = {10.3102/10769986001002113}
}"""),
    "Hedges 1981": ("hedges1981distribution", """@article{hedges1981distribution,
  author  = {Hedges, Larry V.},
  title   = {Distribution Theory for {Glass}'s Estimator of Effect Size and Related Estimators},
  journal = {Journal of Educational Statistics},
  volume  = {6},
  number  = {2},
  pages   = {107--128},
  year    = {1981},
  doi     = {10.3102/10769986006002107}
}"""),
    "Hesterberg 2015": ("hesterberg2015bootstrap", """@article{hesterberg2015bootstrap,
  author  = {Hesterberg, Tim C.},
  title   = {What Teachers Should Know About the Bootstrap: Resampling in the Undergraduate
             Statistics Curriculum},
  journal = {The American Statistician},
  volume  = {69},
  number  = {4},
  pages   = {371--386},
  year    = {2015},
  doi     = {10.1080/00031305.2015.1089789}
}"""),
    "Holm 1979": ("holm1979simple", """@article{holm1979simple,
  author  = {Holm, Sture},
  title   = {A Simple Sequentially Rejective Multiple Test Procedure},
  journal = {Scandinavian Journal of Statistics},
  volume  = {6},
  number  = {2},
  pages   = {65--70},
  year    = {1979}
}"""),
    "Hu et al. 2022": ("hu2022lora", """@inproceedings{hu2022lora,
  author    = {Hu, Edward J. and Shen, Yelong and Wallis, Phillip and Allen-Zhu, Zeyuan and Li,
               Yuanzhi and Wang, Shean and Wang, Lu and Chen, Weizhu},
  title     = {{LoRA}: Low-Rank Adaptation of Large Language Models},
  booktitle = {International Conference on Learning Representations},
  year      = {2022}
}"""),
    "Lakens 2017": ("lakens2017equivalence", """@article{lakens2017equivalence,
  author  = {Lakens, Dani{\\"e}l},
  title   = {Equivalence Tests: A Practical Primer for t Tests, Correlations, and Meta-Analyses},
  journal = {Social Psychological and Personality Science},
  volume  = {8},
  number  = {4},
  pages   = {355--362},
  year    = {2017},
  doi     = {10.1177/1948550617697177}
}"""),
    "McGraw & Wong 1996": ("mcgraw1996forming", """@article{mcgraw1996forming,
  author  = {McGraw, Kenneth O. and Wong, S. P.},
  title   = {Forming inferences about some intraclass correlation coefficients},
  journal = {Psychological Methods},
  volume  = {1},
  number  = {1},
  pages   = {30--46},
  year    = {1996},
  doi     = {10.1037/1082-989X.1.1.30}
}"""),
    "Popović 2015": ("popovic2015chrf", """@inproceedings{popovic2015chrf,
  author    = {Popovi{\\'c}, Maja},
  title     = {{chrF}: character n-gram {F}-score for automatic {MT} evaluation},
  booktitle = {Proceedings of the Tenth Workshop on Statistical Machine Translation},
  pages     = {392--395},
  year      = {2015},
  doi       = {10.18653/v1/W15-3049}
}"""),
    "Post 2018": ("post2018call", """@inproceedings{post2018call,
  author    = {Post, Matt},
  title     = {A Call for Clarity in Reporting {BLEU} Scores},
  booktitle = {Proceedings of the Third Conference on Machine Translation: Research Papers},
  pages     = {186--191},
  year      = {2018},
  doi       = {10.18653/v1/W18-6319}
}"""),
    "Schuirmann 1987": ("schuirmann1987comparison", """@article{schuirmann1987comparison,
  author  = {Schuirmann, Donald J.},
  title   = {A comparison of the Two One-Sided Tests Procedure and the Power Approach for assessing
             the equivalence of average bioavailability},
  journal = {Journal of Pharmacokinetics and Biopharmaceutics},
  volume  = {15},
  number  = {6},
  pages   = {657--680},
  year    = {1987},
  doi     = {10.1007/BF01068419}
}"""),
    "Sharma et al. 2020": ("sharma2020epitome", """@inproceedings{sharma2020epitome,
  author    = {Sharma, Ashish and Miner, Adam S. and Atkins, David C. and Althoff, Tim},
  title     = {A Computational Approach to Understanding Empathy Expressed in Text-Based Mental
               Health Support},
  booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language
               Processing ({EMNLP})},
  pages     = {5263--5276},
  year      = {2020},
  doi       = {10.18653/v1/2020.emnlp-main.425}
}"""),
    "Westfall & Young 1993": ("westfall1993resampling", """@book{westfall1993resampling,
  author    = {Westfall, Peter H. and Young, S. Stanley},
  title     = {Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment},
  publisher = {Wiley},
  address   = {New York},
  year      = {1993}
}"""),
}


def cited(latex: str) -> str:
    r"""Escaped text with each "Author Year" as a `\citealp` (plain text of the same form)."""
    for name, (key, _) in SOURCES.items():
        latex = re.sub(re.escape(name.replace("&", r"\&")), rf"\\citealp{{{key}}}", latex)
    return latex


def bibliography(latex: str) -> str:
    """The BibTeX entries that the text cites, by key."""
    keys = set(re.findall(r"\\cite\w*\{([^}]*)\}", latex))
    entries = sorted((key, entry) for key, entry in SOURCES.values() if key in keys)
    return "\n\n".join(entry for _, entry in entries) + "\n"
