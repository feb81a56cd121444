"""The mean metric face that head pose is measured against.

Printed by training/face_model/fit.py. Derived from face mesh points of eleven clips and the pose
that another solver measured on them. Symmetric. Its frame is that of `types.py`: +X the subject's
left, +Y up, +Z out of the face; the origin lies in the head, about 4 cm behind the points' mean.
"""

from __future__ import annotations

import base64
from typing import Final

import numpy as np

from vtdrive.types import F32, frozen

__all__ = ["POINTS_M", "STEADINESS"]

_TABLE: Final = (
    "007|g_7?XI0089s$sCR^008><-WK~+C;n#xP#KLu002w=c^zCT002t?VjO@i0086&%oT=G(C+*RQVeh|002b~^b@Bz"
    "005H`S`^eO003GabP-r0008Xru@-X;007?c_7z|a000K@)f6cW0092(gA}U<008Cf&J>#l005lqOchrK000o{?iA?-"
    "005fkz7iJ>005Wzo*Q^H@%>BsXc*#2h~vc-lK@8(#Py#C=MFMDUh{DWxDJ0h0r8m!3l8!?!|fgk@C)ZL$oDS@pbk?("
    "W%3peW)Ju%EA_q(a}Px@!SA#Vmk#?U0PeI6s0~jlkL!j9#|oM`V)wP=01(?1-R-~%dkcysP~u7n5dgOpi|CFCL<m+W"
    "K=eobeG%PEIQ>iXoEDD`dHv?`logK+cltf^F%|L+l=uhoUK6kjO8c4dl@#R+i}?WY;Sxj(E%i?Aoe%E~MgH#lkQ@dt"
    "0{%e$FCDfjpXwYC*9_Pm3i*lypb?dQ3i&epuNK-u*7$e*=M}$4zU*}UU=B|$5&i`Msv9IRw(xHf_7J8RHtow14-Xm|"
    "@8%&IDFvMt3H#FzI}<`7diR$N*A5UmSo6{E5)T^<zvQ3op8A~%s`{|{;}yF`c>MDD9TurgC-$4~Ob=}a)b_dW^AEfR"
    "+3S=O+znP1-}n^!W)&emH1+loX%eIv<n-(l-4eAGE%LA)Qw}E}hv~W&9ttTR*Yi~w!w`Na@aTIHzY4w?Ip$sy2nJ&t"
    "OZ^V>Toxz}-uhwk{S-Y74Ec)jP!mfFEc-S3Wfew8f%dBJrVot<rT6ph3lX~pBlo%Q1Q6o}()+OcBpEM1^7)?dbP{0;"
    "r2F#lniJv-s{Ix5gA|Aj)cnQhnG){~4gFK=yA)jpFa6l;0TqV^WBnZNdKAM3ru`f5FBIMe@%dKoE)wYmefjL}coGT+"
    "`uI@p$`Szwh4^pnW)ctwK=z09l@iAqk>EG{t@cw2006T2j~Ks9qWEd==@9b<C-^+?6cN=1BmD;XG#1)Wi1~i`x)YQ;"
    ")BJk*Iu=q-fA$*!(-50#hw^a%C=ka^U-(b_m=s7wwd)xj1`0_V<n7HEn+<s*=<j$Gg%D;HF!ze<(hva;WcmUV6%@)B"
    "p7|&lk`hiVsQ5%5)ez7k_wF7D_Y9FezUaFJeF;l57x~8sQ4VxMZR@cNp9_sEx%wjoa1#H2c=|H^{}@p}sO8lI<OVq`"
    "n(EmDy9?Sj^6lmV{|%8itMWbr5)b)A9QHf}mJjt(srX$5HW1-o+5J)o<rE@aEaoNt!v_c@YUwTwdI~fr?f$3wdK(8d"
    "Px%-Dz!I8o=il)O4EX&Ei~6Sqkr0Mv0{H*?Iucw&wCuVH{tCA!R{FR81sL%}6XNXj0Qe~i9r>;aw++@iGyEw4MH>G%"
    "aP0T!LI=1LC+rC2F#|{sT;dG<NdFHL$mk>NLj(^I2;|}pTLLT?^7iK8ybhuhA^*hrWEkK~DfdSI>Jdg=8Rjhs;RO#K"
    "K=BL-&<)HsQ}fpdX%4P4DEEWzs}R2iuI8HfEC*y6C;K|yMh^Q9(es4hjtTw|Y4AYe$_9`T008+IBom7*008UV_zvL>"
    "S@rt}fet7%JNHltFAmT*cldk>yA3iqUFYo$1qh2C1oxK<c@7yV{q$oD%?=G5-|~?RtPXt`!SFi_6%HaAX78j6Qw<Ow"
    "C*isfy!+G+(C>Q*1`TdB000{IR~FAzkoXAp<`Wk!w)!Re#TKYW;r#jb7ZxK)001Hk`V+cQ8u0Dqm<cBpdGpib1PoUd"
    "9Q(204H3K%SLj{n#r|9jarkly3J#n&X8dvl#1$fB003d&q7f1hOZP6{W(>{{jpMZT*8eFHqWe4VOA`+VG5de+n-dlX"
    "&iaGx0TlcOf%+%xw-e|FuKD@t0uq-G75HKBQxX3NllPYJP!YfgB=^|xQW4h(VDxVC+z^Zqt?Hon1q{p^R{ZG(e-o2)"
    ">H4+{VGq(xaQSNsat^mcjrc0?6cHi`I_kslo(P&01^u)OX%cx(arkNH)ez<s006`T8X87A0RFHATo>0&001lo<QLmV"
    "*7~df-xbAP000}~$r8U10095xvl9OgAN(lhH4?EA2=njjN)D<N1NQv+s1X7_hV@YCbq}5uZ}30*k`U@G$n$acIuU{?"
    "Rqp!rzYgFWY5P^<ClcZkZ23X|G!&{`^YC@)DGZAjEcDdo!wu~h2JtrU2oCTQbLZ9bbq2x|*zH*Ezzd`oXyx(n0RgfP"
    "<MAZ)7Z8^g>H5(EArzE!E&C|^l^K;f!}(?V02hBkDg4v@FB{x54f!k%0uYEfFZJyYN)RJ0wDC?51rVesz3$l${tg!="
    "n(VR;hz({a`06PN1PZk*?BP8Fi~pe%{_I=^5)7w5pzo6fjST}x?(&EQi4ML<|Md|D0T16vSNPcm6AzA3^!cI(JrAT;"
    "^4~23jrIx)zxlEH*cB^5Z~RLFvlm@a!TcorY#V(u*!}7HfEtZCxBRC2OByXXOZw{h4i$PpME=A2A{&A>a{li5W*C1<"
    "_W73y77lhoJNpC)i4THU{`-;$F%kP`lI|-Dh72hq)a-Z+Qw%~Y*#Tz*P#KLuFcJI-QVeh|4+2a2Xc*#2cpSwQlK@8("
    "JPMx&=MFMDq6~2dxDJ0h{|=c43l8!?JrW)X@C)ZLI0!EYpbk?(n++BZW)Ju%)e622a}Px@KM=GImk#?U01~tfs0~jl"
    "aTJCJ#|oM`o(Q$%01(?1BND(0dkcysupLSX5dgOpbr+5aL<m+WzzawHeG%PE$O23BoEDD`hXUsDlogK+i3L6LF%|L+"
    "YzGJOUK6kjwgj2+l@#R+bp`<O;Sxj((+W=Qoe%E~y8-U|kQ@dt{sBP#FCDfjVHF$@*9_Pm_6CXrpb?dQ_69QiuNK-u"
    "DhGG{=M}$4LKAfTU=B|$?*Rn?sv9IRN)K-m_7J8R$`Z>F4-Xm|5g8#GDFvMt_XN`qI}<`7h6tAp*A5Ums0`8X5)T^<"
    "K^vd#p8A~%Rt2#7;}yF`hy(KZ9Turg*$JEPOb=}aED5>q^AEfRClr(u+znP1AqN!uW)&em%nJ4qX%eIv91H9d-4eAG"
    "(+#j5Qw}E}c^0}B9ttTRDGXH^!w`Na5Epw9zY4w?#~EG|2nJ&twE_<FToxz}A_Zac{S-Y7^ahIYP!mfF)C4v9Wfew8"
    "e+jDZrVot<TL|;+3lX~p-3Ynw1Q6o}E(EaqBpEM14hEj^bP{0;Tm<s)niJv-Rst3AgA|AjECa>pnG){~^8!=ryA)jp"
    "(E`})0TqV^odO*0dKAM3S^^vIFBIMe4+d86E)wYmg9hyGcoGT+1_w~?$`Szwdk1grW)ctwzzK)+l@iAqZyz`Ot@cw2"
    "UI%IK=@9b<*#|uD6cN=1-2w*rG#1)Wcm{s?x)YQ;EdzS_Iu=q-fe9M|(-50#c@1#@C=ka^p$AX=m=s7wOB5L$1`0_V"
    "91_hKn+<s*7!Y_Ag%D;H&<Kj_(hva;oCN|C6%@)BVg@J~k`hiVSO-KO)ez7k2@xI$_Y9FeLKnLQeF;l5=?2FLQ4VxM"
    "lN7NGp9_sEM+GAVa1#H2hy^nJ{}@p}SQ^y><OVq`W);~3y9?Sj4ie@9{|%8iRSiA^5)b)A<Ow_kmJjt(R|j1MHW1-o"
    "CjwFk<rE@a)EOoI!v_c@mKH7zdI~fr69K3CdK(8du?83cz!I8o86fcq4EX&Ebp@vekr0Mv{s;g2Iucw&OcS~a{tCA!"
    "ss*?H1sL%}?H%m&0Qe~i;|8t?w++@i%>yX_MH>G%kQ4XlLI=1L*%JumF#|{sq#X?XNdFHLI2R-ALj(^I_#5I5TLLT?"
    "4hiPrybhuh-vGq<WEkK~*9b=c>Jdg==NT;t;RO#Kzzz%v&<)Hstqj))X%4P4*a(B}s}R2iQW=`~EC*y6*#tV?Mh^Q9"
    "FARj>jtTw|mk&VV$_9`TrwaQBfet7%#RyOdFAmT*i3fZMyA3iqqZsWC1qh2C{0Nr|c@7yV0}Epe%?=G5Aq|lXtPXt`"
    "KMy+$6%HaAnh>N5Qw<Ow*&ezOy!+G+Fc5nQ1`TdBa0dwX<`Wk!N(CkR#TKYW9|QUJ7ZxK)<`3=Vm<cBphYZu>1PoUd"
    "<OH$c4H3K%sTW=7#r|9jj|XxJ3J#n&ngenK#1$fBwFoZXW(>{{a~!nx*8eFHUIaVuOA`+V&jf$&n-dlXG6jR}0TlcO"
    "e+4J(w-e|FQU>|y0uq-G>jz=*QxX3NZ3vd|P!Yfg+z8n4QW4h(pbKvD+z^ZqQx%~11q{p^ssrf;e-o2)7X`KpVGq(x"
    "kOpfDat^mca|bH$6cHi`#udZxo(P&0`vSBJX%cx(j|XYz)ez<s00OWDTo>0&Dg~?n-xbAP;R7h<H4?EA_zdssN)D<N"
    "{R#Z}s1X7_dJ0hKbq}5ukq<xmk`U@GI1F+3IuU{?s}cJ3zYgFWmjqSgClcZklm<cnG!&{`4G(qcDGZAj)C<(+!wu~h"
    "`VKbl2oCTQjTqJQbq2x|C=yuizzd`om>Ti$0RgfP9S$V)7Z8^g7X{G*ArzE!(*!8|l^K;fJqBg_02hBk*8|i2FB{x5"
    "^9C#q0uYEf(F*MkN)RJ0Ob$*E1rVesLlM~z{tg!=W)rdwhz({a2o)&`1PZk*6dpYTi~pe%0ux*Y5)7w5U=Wi9jST}x"
    "5)Ft2i4ML<0SXZY0T16vsR!8x6AzA33<jbHJrAT;4j?T9jrIx)K?bq<*cB^5kpoKtvlm@aKLaHEY#V(uC<5vFfEtZC"
    "Ndu<)OByXXwFT<=4i$PpyaB`dA{&A>jsfoZW*C1<3I>-677lho#RLQii4THU0tAu>F%kP`ZV@XBh72hqEE9MPQw%~Y"
)

_ROWS: Final = np.frombuffer(base64.b85decode(_TABLE), "<i2").reshape(-1, 4).astype(np.float32)

POINTS_M: Final[F32] = frozen(_ROWS[:, :3] * 1e-5)
"""(468, 3) the face mesh points without the irises, metres."""

STEADINESS: Final[F32] = frozen(_ROWS[:, 3] / _ROWS[:, 3].sum())
"""(468,) how much each point says about the skull rather than the expression; sums to 1."""
