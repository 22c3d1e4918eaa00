/**
 * Domains where anybody may have an address: who has one there is nobody's colleague by that. From the list `common` of
 * email-providers 2.26.0 (npm, ISC licence), without a few employers and examples, with more domains of the largest providers.
 */
export const PUBLIC_MAIL_DOMAINS: ReadonlySet<string> = new Set(
  `
  10minutemail.com 126.com 163.com 21cn.com 37.com 3ammagazine.com 4mg.com about.com abv.bg adelphia.net aeiou.pt
  aim.com airmail.net albawaba.com alice.it aliyun.com altavista.com ananzi.co.za ancestry.com angelfire.com
  anonymize.com aol.co.uk aol.com apollo.lv arcor.de att.net attbi.com aver.com bangkok.com barcelona.com beer.com
  bellatlantic.net bellsouth.net berlin.de bigfoot.com bigpond.com bigpond.net.au bizhosting.com bk.ru blackplanet.com
  blogos.com bluewin.ch blueyonder.co.uk bolt.com bright.net bt.com btconnect.com btinternet.com btopenworld.com
  bugmenot.com c2i.net c3.hu cableone.net canada.com care2.com casino.com catholic.org centrum.cz chacuo.net charm.net
  charter.net chat.ru chello.nl chez.com clerk.com club-internet.fr cogeco.ca comcast.net compuserve.com
  concentric.net cox.net crosswinds.net cs.com cu.cc dailypioneer.com daum.net ddnsfree.com dejanews.com
  depechemode.com detik.com dmv.com dnsmadeeasy.com docomo.ne.jp doctor.com doityourself.com duck.com dynu.net
  earthlink.net easypost.com eircom.net elvis.com emailondeck.com enter.net erols.com everyone.net excite.co.jp
  excite.com excite.it f5.si facebook.com fastmail.com fastmail.fm forthnet.gr fortunecity.com foxmail.com fr.nf
  free.fr freenet.de freeserve.co.uk freeuk.com freeyellow.com front.ru frontier.com frontiernet.net fuse.net
  games.com garbage.com gazeta.pl geek.com geocities.com globo.com gmail.com gmx.at gmx.ch gmx.co.uk gmx.com gmx.de
  gmx.fr gmx.net gmx.us go.com go.ro go2net.com googlemail.com gportal.hu guerrillamail.com hamptonroads.com
  hanmail.net hetnet.nl hey.com hidemyass.com hispavista.com home.nl homestead.com hot.ee hotbot.com hotmail.co.uk
  hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.ru hushmail.com i.am i.ua icloud.com icq.com
  idirect.com iespana.es ig.com.br iinet.net.au inbox.com inbox.lv inbox.ru incredimail.com india.com indiatimes.com
  interaccess.com interfree.it interia.pl internet.ru iol.it iprimus.com.au ireland.com islamonline.net ivillage.com
  iwon.com juno.com kansascity.com kiwibox.com land.ru laposte.net law.com lawyer.com lex.bg libero.it list.ru
  live.co.uk live.com live.de live.fr live.it live.nl looksmart.com lycos.co.uk lycos.com lycos.de lycos.es lycos.it
  lycos.nl mac.com mail-tester.com mail.com mail.de mail.ru mail2web.com mailbox.org mailfence.com mailinator.com
  masrawy.com mchsi.com me.com medscape.com metacrawler.com mindspring.com montevideo.com.uy msk.ru msn.co.uk msn.com
  mydomain.com myway.com name.com nate.com naver.com netcom.com netins.net netscape.com netscape.net netspace.net.au
  netzero.net neuf.fr newmail.ru ntlworld.com ny.com nyc.com o2.co.uk o2.pl oath.com oi.com.br onet.pl online.de
  onlinehome.de onmilwaukee.com optimum.net optusnet.com.au orange.fr outlook.com outlook.de outlook.es outlook.fr
  outlook.it outlook.jp ozemail.com.au pacbell.net parrot.com pe.hu pipeline.com planet.nl pm.me pobox.com pochta.ru
  poste.it posteo.de posteo.net pp.ua privacy.net prodigy.net proton.me protonmail.ch protonmail.com ptd.net qq.com
  qwest.net r7.com rambler.ru rcn.com rediffmailpro.com rin.ru roadrunner.com rocketmail.com rogers.com rr.com
  sanook.com sapo.pt saudia.com sbcglobal.net sci.fi scubadiving.com sdf.org seanet.com seznam.cz sfr.fr
  sharklasers.com shaw.ca she.com sify.com sina.cn sina.com singnet.com.sg singpost.com sky.com skynet.be sp.nl
  space.com spacewar.com spb.ru spray.se sprynet.com starmedia.com supereva.it swbell.net sweb.cz swissinfo.org
  sympatico.ca t-online.de talkcity.com talktalk.co.uk talktalk.net tds.net techspot.com telenet.be telstra.com
  telus.net temp-mail.org terra.cl terra.com terra.com.ar terra.com.br terra.es test.de theglobe.com thirdage.com
  tin.it tiscali.co.uk tiscali.it tom.com tpg.com.au tuta.com tuta.io tutanota.com ukr.net unican.es uol.com.br
  usa.com verizon.net virgilio.it virgin.net virginmedia.com voila.fr walla.co.il wanadoo.es wanadoo.fr web.de web.id
  webindia123.com webjump.com westnet.com.au wow.com wowway.com wp.pl xoom.com ya.ru yahoo.ca yahoo.co.id yahoo.co.in
  yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.com.cn yahoo.com.mx yahoo.com.tw yahoo.de yahoo.es
  yahoo.fr yahoo.in yahoo.it yahoo.jp yahoofs.com yam.com yandex.com yandex.ru yeah.net ymail.com yopmail.com za.com
  zip.net zoho.com zohomail.com zohomail.eu zonnet.nl zp.ua zzn.com
`
    .trim()
    .split(/\s+/),
);
